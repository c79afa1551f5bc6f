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

/* Many requests of one skill that take long do not hold up those of others: the first of another
 * skill than the last one's, if there is any. */
static struct shell_request *next(struct aside *aside) {
    struct mail **at = &aside->first;
    while (*at && is_of((struct shell_request *)*at, &aside->served)) at = &(*at)->next;
    if (!*at) at = &aside->first;
    struct mail *mail = *at;
    if (!mail) return NULL;
    *at = mail->next;
    if (!*at) aside->last = at;
    name_of((struct shell_request *)mail, &aside->served);
    return (struct shell_request *)mail;
}

static void take_mail(struct aside *aside) {
    struct mail *mail = mailbox_take(&aside->mail);
    while (mail) {
        struct mail *following = mail->next;
        if (mail == &aside->stop) {
            aside->stopping = true;
        } else {
            mail->next = NULL;
            *aside->last = mail;
            aside->last = &mail->next;
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
