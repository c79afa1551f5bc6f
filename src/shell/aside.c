#include "shell/aside.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "shell/loop.h"

struct aside {
    struct mailbox mail;
    struct mail stop;
    pthread_t thread;
    bool stopping;
    struct mail *first, **last; /* requests that wait, in their order */
    struct buf served;          /* "namespace/name" of the skill whose request was the last */
};

/* ---- on its thread */

static void serve(struct shell_request *request) {
    request->aside(request);
    mailbox_post(&request->loop->mail, &request->mail);
}

static void name_of(const struct shell_request *request, struct buf *name) {
    buf_clear(name);
    buf_add(name, request->skill_namespace.data, request->skill_namespace.size);
    buf_byte(name, '/');
    buf_add(name, request->skill_name.data, request->skill_name.size);
}

static bool is_of(const struct shell_request *request, struct buf *name) {
    struct str all = {(char *)name->data, name->size}, namespace = request->skill_namespace;
    if (all.size != namespace.size + 1 + request->skill_name.size) return false;
    return str_equal((struct str){all.data, namespace.size}, namespace) &&
           str_equal((struct str){all.data + namespace.size + 1, request->skill_name.size},
                     request->skill_name);
}

static void append(struct aside *aside, struct mail *mail) {
    mail->next = NULL;
    *aside->last = mail;
    aside->last = &mail->next;
}

/* Many requests of one skill that take long do not hold up those of others: the first's skill is
 * served, and its other requests go behind those of all others. */
static struct shell_request *next(struct aside *aside) {
    struct mail *first = aside->first, *mail = first ? first->next : NULL;
    if (!first) return NULL;
    name_of((struct shell_request *)first, &aside->served);
    struct mail *same = NULL, **same_last = &same;
    aside->first = NULL;
    aside->last = &aside->first;
    while (mail) {
        struct mail *following = mail->next;
        if (is_of((struct shell_request *)mail, &aside->served)) {
            *same_last = mail;
            same_last = &mail->next;
        } else {
            append(aside, mail);
        }
        mail = following;
    }
    *same_last = NULL;
    *aside->last = same;
    if (same) aside->last = same_last;
    return (struct shell_request *)first;
}

static void take_mail(struct aside *aside) {
    struct mail *mail = mailbox_take(&aside->mail);
    while (mail) {
        struct mail *following = mail->next;
        if (mail == &aside->stop) {
            aside->stopping = true;
        } else {
            append(aside, mail);
        }
        mail = following;
    }
}

static void *aside_run(void *argument) {
    struct aside *aside = argument;
    pthread_setname_np(pthread_self(), "aside");
    while (!aside->stopping) {
        take_mail(aside);
        struct shell_request *request = next(aside);
        if (request)
            serve(request);
        else if (!aside->stopping)
            mailbox_wait(&aside->mail, UINT64_MAX);
    }
    return NULL;
}

/* ---- on the loop's */

bool aside_new(struct aside **out, struct err *err) {
    struct aside *aside = calloc(1, sizeof *aside);
    if (!aside) return err_set(err, ERR_MEMORY, "no memory for the thread aside");
    aside->last = &aside->first;
    buf_init(&aside->served, SIZE_MAX);
    if (!mailbox_init(&aside->mail)) {
        err_errno(err, errno, "the mailbox of the thread aside");
        free(aside);
        return false;
    }
    int failed = pthread_create(&aside->thread, NULL, aside_run, aside);
    if (!failed) {
        *out = aside;
        return true;
    }
    mailbox_free(&aside->mail);
    free(aside);
    return err_errno(err, failed, "the thread aside");
}

void aside_free(struct aside *aside) {
    if (!aside) return;
    mailbox_post(&aside->mail, &aside->stop);
    pthread_join(aside->thread, NULL);
    mailbox_free(&aside->mail);
    buf_free(&aside->served);
    free(aside);
}

void aside_send(struct aside *aside, struct shell_request *request) {
    mailbox_post(&aside->mail, &request->mail);
}
