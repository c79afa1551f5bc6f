/* The folder of skills: only our own is emptied, copies are whole, distinct ones differ in nothing
 * but their literal. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "eval/skills_folder.h"
#include "support/folder.h"

#define MARKER  ".made-by-resource-eval"
#define LITERAL "Greets a topic; holds memory and waits when asked."

static char path[300], samples[300];
static struct skills_folder skills;
static struct err err;

static int setup(void **state) {
    if (folder_make(state)) return 1;
    snprintf(path, sizeof path, "%s/skills", folder);
    snprintf(samples, sizeof samples, "%s", folder);
    skills = (struct skills_folder){.path = path, .samples = samples, .lock = -1};
    folder_put("sample_c.wasm", "one " LITERAL " two " LITERAL ".");
    folder_put("sample_py.wasm", "nothing of this kind");
    return 0;
}

static int teardown(void **state) {
    skills_folder_end(&skills);
    return folder_remove(state);
}

static bool exists(const char *name) {
    return access(in_folder(name), F_OK) == 0;
}

static void holds(const char *name, const char *expected) {
    char bytes[300];
    FILE *file = fopen(in_folder(name), "re");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size);
}

static void begin(void) {
    if (!skills_folder_begin(&skills, &err)) fail_msg("%s", err.text);
}

static void refuses(const char *text) {
    assert_false(skills_folder_begin(&skills, &err));
    assert_non_null(strstr(err.text, text));
    assert_non_null(strstr(err.text, path));
    assert_int_equal(skills.lock, -1);
}

static void made_and_emptied(void **state) {
    (void)state;
    char name[SKILL_NAME];
    begin();
    assert_true(exists("skills/" MARKER));
    assert_true(skills_folder_add(&skills, "c", name, &err));
    folder_put("skills/.being-copied", "rest of a run that was killed");
    assert_true(exists("skills/sample_c1.wasm"));
    skills_folder_end(&skills);
    assert_true(exists("skills/sample_c1.wasm")); /* to be looked at */
    begin();
    assert_false(exists("skills/sample_c1.wasm"));
    assert_false(exists("skills/.being-copied"));
    assert_true(exists("skills/" MARKER));
}

static void others_are_refused(void **state) {
    (void)state;
    mkdir(path, 0755);
    folder_put("skills/mine.wasm", "x");
    refuses("was not made by resource-eval");
    assert_true(exists("skills/mine.wasm"));
    mkdir(in_folder("skills/" MARKER), 0755); /* no file */
    refuses("was not made by resource-eval");
    rmdir(in_folder("skills/" MARKER));
    assert_int_equal(symlink("mine.wasm", in_folder("skills/" MARKER)), 0);
    refuses("was not made by resource-eval");
    assert_true(exists("skills/mine.wasm"));
}

static void a_file_is_refused(void **state) {
    (void)state;
    folder_put("skills", "x");
    refuses("was not made by resource-eval");
    assert_true(exists("skills"));
}

/* Even to a folder that is ours. */
static void a_symlink_is_refused(void **state) {
    (void)state;
    begin();
    skills_folder_end(&skills);
    assert_int_equal(rename(path, in_folder("elsewhere")), 0);
    folder_put("elsewhere/mine.wasm", "x");
    assert_int_equal(symlink("elsewhere", path), 0);
    refuses("was not made by resource-eval");
    assert_true(exists("elsewhere/mine.wasm"));
}

static void a_folder_in_it_stays(void **state) {
    (void)state;
    begin();
    skills_folder_end(&skills);
    mkdir(in_folder("skills/deep"), 0755);
    folder_put("skills/deep/x", "x");
    assert_false(skills_folder_begin(&skills, &err));
    assert_non_null(strstr(err.text, "skills/deep"));
    assert_true(exists("skills/deep/x"));
}

static void nowhere_to_be_made(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s/no/skills", folder);
    refuses("No such file");
}

/* Two runs at once would take each other's skills away. */
static void one_run_at_a_time(void **state) {
    (void)state;
    struct skills_folder other = {.path = path, .samples = samples, .lock = -1};
    char name[SKILL_NAME];
    begin();
    assert_true(skills_folder_add(&skills, "c", name, &err));
    assert_false(skills_folder_begin(&other, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_non_null(strstr(err.text, "another run"));
    assert_int_equal(other.lock, -1);
    assert_true(exists("skills/sample_c1.wasm"));
    skills_folder_end(&skills);
    assert_true(skills_folder_begin(&other, &err));
    skills_folder_end(&other);
}

static void names_count_up(void **state) {
    (void)state;
    char name[SKILL_NAME];
    begin();
    static const char *const steps[][2] = {
        {"c", "sample_c1"}, {"py", "sample_py1"}, {"c", "sample_c2"}, {"c", "sample_c3"}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(skills_folder_add(&skills, steps[i][0], name, &err));
        assert_string_equal(name, steps[i][1]);
        assert_true(skills_folder_has(&skills, name));
    }
    holds("skills/sample_c3.wasm", "one " LITERAL " two " LITERAL ".");
    holds("skills/sample_py1.wasm", "nothing of this kind");
    assert_true(skills_folder_delete(&skills, "sample_c3", &err));
    assert_false(skills_folder_has(&skills, "sample_c3"));
    assert_false(skills_folder_delete(&skills, "sample_c3", &err));
    assert_non_null(strstr(err.text, "sample_c3.wasm: No such file"));
    assert_true(skills_folder_add(&skills, "c", name, &err)); /* a number is not used again */
    assert_string_equal(name, "sample_c4");
    assert_false(exists("skills/.being-copied"));
}

static void the_first(void **state) {
    (void)state;
    char name[SKILL_NAME], longest[SKILL_NAME + 20] = "skills/b";
    begin();
    assert_false(skills_folder_first(&skills, name));
    memset(longest + 8, 'x', 249);
    strcpy(longest + 8 + 242, ".wasm");
    folder_put(longest, "");
    assert_true(skills_folder_first(&skills, name));
    assert_int_equal(strlen(name), 243);
    folder_put("skills/b.wasm", "");
    folder_put("skills/a.txt", "");
    folder_put("skills/.a.wasm", "");
    folder_put("skills/a.wasm.new", "");
    assert_true(skills_folder_first(&skills, name));
    assert_string_equal(name, "b");
    folder_put("skills/a10.wasm", "");
    folder_put("skills/a2.wasm", "");
    assert_true(skills_folder_first(&skills, name));
    assert_string_equal(name, "a10");
}

static void distinct_copies(void **state) {
    (void)state;
    char name[SKILL_NAME];
    skills.distinct = true;
    begin();
    assert_true(skills_folder_add(&skills, "c", name, &err));
    assert_true(skills_folder_add(&skills, "c", name, &err));
#define COPY(n) "Greets a topic; this one is copy number 0000000" #n " ."
    _Static_assert(sizeof COPY(1) == sizeof LITERAL, "of one length");
    holds("skills/sample_c1.wasm", "one " COPY(1) " two " COPY(1) ".");
    holds("skills/sample_c2.wasm", "one " COPY(2) " two " COPY(2) ".");
    assert_false(skills_folder_add(&skills, "py", name, &err));
    assert_non_null(strstr(err.text, "sample_py.wasm does not say"));
    assert_non_null(strstr(err.text, "Remedy"));
    assert_false(exists("skills/sample_py1.wasm"));
}

static void a_missing_sample(void **state) {
    (void)state;
    char name[SKILL_NAME];
    assert_true(skills_folder_check(&skills, "c", &err));
    assert_false(skills_folder_check(&skills, "js", &err));
    assert_non_null(strstr(err.text, "sample_js.wasm is missing"));
    assert_non_null(strstr(err.text, "--samples"));
    begin();
    assert_false(skills_folder_add(&skills, "js", name, &err));
    assert_non_null(strstr(err.text, "sample_js.wasm"));
    assert_false(exists("skills/sample_js1.wasm"));
}

/* The samples that are there, with what the kernel makes of a copy: the program's e2e tests. */
static void real_samples(void **state) {
    (void)state;
    static const char *const kinds[] = {"c", "js", "py", "rs"};
    const char *cache = getenv("PHARIA_DEV_CACHE");
    char name[SKILL_NAME], from[400], place[300];
    if (!cache) {
        print_message("skipped: PHARIA_DEV_CACHE is not set\n");
        skip();
    }
    snprintf(place, sizeof place, "%s/skills/out", cache);
    skills.samples = place;
    skills.distinct = true;
    begin();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!skills_folder_check(&skills, kinds[i], &err)) continue;
        assert_true(skills_folder_add(&skills, kinds[i], name, &err));
        snprintf(from, sizeof from, "%s/sample_%s.wasm", place, kinds[i]);
        struct stat before, after;
        char copy[600];
        snprintf(copy, sizeof copy, "%s/%s.wasm", path, name);
        assert_int_equal(stat(from, &before), 0);
        assert_int_equal(stat(copy, &after), 0);
        assert_int_equal(before.st_size, after.st_size);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(made_and_emptied),     TEST(others_are_refused),   TEST(a_file_is_refused),
        TEST(a_symlink_is_refused), TEST(a_folder_in_it_stays), TEST(nowhere_to_be_made),
        TEST(one_run_at_a_time),    TEST(names_count_up),       TEST(the_first),
        TEST(distinct_copies),      TEST(a_missing_sample),     TEST(real_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
