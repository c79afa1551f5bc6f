/* Reading interface texts: one good text, and every way to spoil it. */
#include "guest.h"

static const char good_text[] =
    "{'format':1,"
    "'resources':[{'interface':'wasi:io/"
    "poll@0.2.0','name':'pollable'},{'interface':'x','name':'other'}],"
    "'types':['u8',{'list':0},'string',{'record':[['a',0],['b',2]]},{'variant':[['p',null],['q',1]]"
    "},"
    "{'enum':['e']},{'option':3},{'result':[1,null]},{'flags':['f','g']},{'tuple':[0,2]},{'own':0},"
    "{'borrow':0}],"
    "'imports':[{'interface':'wasi:io/"
    "poll@0.2.0','name':'poll','module':'m','field':'pk-plan:poll','kind':'func',"
    "'plan':true,'params':[['in',11],['x',9]],'result':6,'encoding':'utf16','core':'iiiii:'},"
    "{'interface':'wasi:io/"
    "poll@0.2.0','name':'[resource-drop]pollable','module':'m','field':'d','kind':'drop',"
    "'resource':0,'core':'i:'}],"
    "'exports':[{'interface':'pharia:skill/"
    "skill-handler@0.3.11','name':'run','entry':3,'params':[['input',1]],"
    "'result':7,'encoding':'latin1+utf16','core':'ii:i','post_return':true}],"
    "'globals':'iIfF','start':true,'strict':true,'max_pages':300}";

static bool read_text(const char *text, size_t size, struct abi_interface *interface,
                      struct err *err) {
    char *copy = malloc(size + 1);
    for (size_t i = 0; i < size; i++) copy[i] = text[i] == '\'' ? '"' : text[i];
    bool read = abi_interface_read(copy, size, interface, err);
    free(copy);
    return read;
}

static void a_good_text(void **state) {
    struct abi_interface interface;
    struct err err;
    (void)state;
    assert_true(read_text(good_text, strlen(good_text), &interface, &err));
    assert_int_equal(interface.resource_count, 2);
    assert_int_equal(interface.type_count, 12);
    assert_int_equal(interface.import_count, 2);
    assert_int_equal(interface.export_count, 1);
    assert_int_equal(interface.global_count, 4);
    assert_memory_equal(interface.globals,
                        ((uint8_t[]){ABI_I32, ABI_I64, ABI_CORE_F32, ABI_CORE_F64}), 4);
    assert_true(interface.strict_memory);
    assert_int_equal(interface.max_pages, 300);
    const struct abi_import *poll = &interface.imports[0], *drop = &interface.imports[1];
    assert_true(str_is(poll->interface, "wasi:io/poll@0.2.0") && str_is(poll->name, "poll"));
    assert_true(str_is(poll->module, "m") && str_is(poll->field, "pk-plan:poll"));
    assert_true(poll->kind == ABI_IMPORT_FUNC && poll->plan &&
                poll->signature.encoding == ABI_UTF16);
    assert_true(poll->signature.param_count == 2 && str_is(poll->signature.param_names[1], "x"));
    assert_true(!poll->signature.params_in_memory && poll->signature.result_in_memory);
    assert_true(poll->signature.core_param_count == 5 && poll->signature.core_result_count == 0);
    assert_true(drop->kind == ABI_IMPORT_DROP && drop->resource == 0 &&
                drop->signature.core_param_count == 1);
    const struct abi_export *run =
        abi_interface_export(&interface, "pharia:skill/skill-handler", "run");
    assert_ptr_equal(run, &interface.exports[0]);
    assert_true(run->entry == 3 && run->signature.encoding == ABI_LATIN1_UTF16);
    assert_true(run->signature.core_param_count == 2 && run->signature.core_result_count == 1);
    assert_null(abi_interface_export(&interface, "pharia:skill/skill-handler", "metadata"));
    assert_null(abi_interface_export(&interface, "pharia:skill/skill", "run"));
    abi_interface_free(&interface);
}

static const struct {
    const char *part, *instead, *error;
} spoiled[] = {
    {"'format':1", "'format':2", "format 2"},
    {"'format':1", "'format':'1'", "\"format\""},
    {"'format':1,", "", "\"format\""},
    {"'start':true", "'start':1", "\"start\""},
    {"'strict':true", "'strict':null", "\"strict\""},
    {"'max_pages':300", "'max_pages':65537", "\"max_pages\""},
    {"'max_pages':300", "'max_pages':-1", "\"max_pages\""},
    {"'max_pages':300", "'max_pages':1e3", "\"max_pages\""},
    {"'max_pages':300", "'max_pages':99999999999999999999", "at byte"},
    {"'globals':'iIfF'", "'globals':'iv'", "global"},
    {"'globals':'iIfF'", "'globals':4", "globals"},
    {"'start':true", "'start':true,'start':true", "at byte"},
    {"{'format'", "[{'format'", "at byte"},
    {"'interface':'x','name':'other'", "'interface':'x','name':'o,ther'", "no name"},
    {"'interface':'x','name':'other'", "'interface':'x'", "\"name\""},
    {"'interface':'x','name':'other'", "'interface':'','name':'other'", "\"interface\""},
    {"'interface':'x','name':'other'", "'interface':'x','name':'other\\u0000'", "at byte"},
    {"'types':['u8'", "'types':['u7'", "unknown type \"u7\""},
    {"'types':['u8'", "'types':['list'", "lacks its members"},
    {"'types':['u8'", "'types':[{'u8':1}", "primitive"},
    {"'types':['u8'", "'types':[7", "neither a name"},
    {"'types':['u8'", "'types':[{}", "neither a name"},
    {"'types':['u8'", "'types':[{'list':0,'option':0}", "neither a name"},
    {"'types':['u8'", "'types':[{'list':0}", "index of a type"},
    {"{'list':0}", "{'list':1}", "type 1: interface: an index of a type"},
    {"{'list':0}", "{'list':99}", "index of a type"},
    {"{'list':0}", "{'list':-1}", "index of a type"},
    {"{'list':0}", "{'list':null}", "index of a type"},
    {"{'list':0}", "{'list':'0'}", "index of a type"},
    {"{'record':[['a',0],['b',2]]}", "{'record':[]}", "0 members"},
    {"{'record':[['a',0],['b',2]]}", "{'record':{}}", "0 members"},
    {"{'record':[['a',0],['b',2]]}", "{'record':[['a',0],['b',null]]}", "index of a type"},
    {"{'record':[['a',0],['b',2]]}", "{'record':[['a',0],['b']]}", "no pair"},
    {"{'record':[['a',0],['b',2]]}", "{'record':[['a',0],['b',2,2]]}", "no pair"},
    {"{'record':[['a',0],['b',2]]}", "{'record':[['a: u8, b',0],['c',2]]}", "is no name"},
    {"{'record':[['a',0],['b',2]]}", "{'record':[['1a',0]]}", "is no name"},
    {"{'record':[['a',0],['b',2]]}", "{'record':[[1,0]]}", "no text"},
    {"{'variant':[['p',null],['q',1]]}", "{'variant':[]}", "0 members"},
    {"{'enum':['e']}", "{'enum':[]}", "0 members"},
    {"{'enum':['e']}", "{'enum':['e)']}", "is no name"},
    {"{'option':3}", "{'option':null}", "index of a type"},
    {"{'result':[1,null]}", "{'result':[1]}", "not two types"},
    {"{'result':[1,null]}", "{'result':[1,null,null]}", "not two types"},
    {"{'flags':['f','g']}", "{'flags':[]}", "0 members"},
    {"{'tuple':[0,2]}", "{'tuple':[]}", "0 members"},
    {"{'tuple':[0,2]}", "{'tuple':[0,null]}", "index of a type"},
    {"{'own':0}", "{'own':2}", "index of a resource"},
    {"{'own':0}", "{'own':-1}", "index of a resource"},
    {"{'own':0}", "{'stream':0}", "unknown type"},
    {"'kind':'func'", "'kind':'async'", "import 0: interface: unknown kind"},
    {"'kind':'func'", "'kind':'drop'", "kind and name"},
    {"'kind':'drop'", "'kind':'func'", "kind and name"},
    {"'plan':true", "'plan':false", "has no plan"},
    {"'plan':true", "'plan':7", "\"plan\""},
    {"'result':6", "'result':0", "core type"},
    {"'result':6", "'result':11", "contains a borrow"},
    {"'result':6", "'result':12", "\"result\""},
    {"'result':6,", "", "\"result\""},
    {"['in',11]", "['in',null]", "index of a type"},
    {"['in',11]", "['in']", "no pair"},
    {"['in',11]", "['in(',11]", "is no name"},
    {"'params':[['in',11],['x',9]]", "'params':0", "\"params\""},
    {"'encoding':'utf16'", "'encoding':'utf32'", "encoding"},
    {"'encoding':'utf16',", "", "encoding"},
    {"'core':'iiiii:'", "'core':'iiii:'", "core type \"iiii:\""},
    {"'core':'iiiii:'", "'core':'iiiiI:'", "core type"},
    {"'core':'iiiii:'", "'core':'iiiii'", "core type"},
    {"'core':'iiiii:'", "'core':'iiiii:i'", "core type"},
    {"'core':'iiiii:'", "'core':'iiiii:i:'", "core type"},
    {"'core':'iiiii:'", "'core':5", "\"core\""},
    {"'core':'i:'", "'core':'i:i'", "core type of a drop"},
    {"'resource':0", "'resource':2", "resource"},
    {"'resource':0", "'resource':1", "another resource"},
    {"'resource':0,", "", "\"resource\""},
    {"'entry':3", "'entry':-3", "\"entry\""},
    {"'entry':3", "'entry':100000", "\"entry\""},
    {"'post_return':true", "'post_return':0", "\"post_return\""},
    {"'core':'ii:i'", "'core':'iii:'", "export 0: interface: the core type"},
    {"'imports':[", "'imports':[1,", "import 0"},
    {"'exports':[", "'exports':1,'xexports':[", "\"exports\""},
};

static void spoiled_texts(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof spoiled / sizeof *spoiled; i++) {
        struct abi_interface interface;
        struct err err = {0};
        struct buf text;
        const char *at = strstr(good_text, spoiled[i].part);
        buf_init(&text, 10000);
        assert_non_null(at);
        buf_add(&text, good_text, (size_t)(at - good_text));
        buf_text(&text, spoiled[i].instead);
        buf_text(&text, at + strlen(spoiled[i].part));
        if (read_text(buf_cstr(&text), text.size, &interface, &err))
            fail_msg("taken: %s", spoiled[i].instead);
        if (strstr(err.text, spoiled[i].error) == NULL)
            fail_msg("%s: %s", spoiled[i].instead, err.text);
        buf_free(&text);
    }
}

static void every_cut_is_an_error(void **state) {
    (void)state;
    for (size_t size = 0; size < strlen(good_text); size++) {
        struct abi_interface interface;
        struct err err;
        assert_false(read_text(good_text, size, &interface, &err));
    }
}

/* Levels of {"list": the level before}: 32 are fine. */
static bool read_nested(const char *form, int levels, struct err *err) {
    struct abi_interface interface;
    struct buf text;
    buf_init(&text, 100000);
    buf_text(&text, "{'format':1,'resources':[],'types':['u64'");
    for (int i = 0; i + 1 < levels; i++) buf_format(&text, form, i, i, i, i, i, i, i, i, i, i);
    buf_text(
        &text,
        "],'imports':[],'exports':[],'globals':'','start':false,'strict':false,'max_pages':1}");
    bool read = read_text(buf_cstr(&text), text.size, &interface, err);
    if (read) abi_interface_free(&interface);
    buf_free(&text);
    return read;
}

static void depth_and_size_are_bounded(void **state) {
    struct err err;
    (void)state;
    assert_true(read_nested(",{'list':%d}", 32, &err));
    assert_false(read_nested(",{'list':%d}", 33, &err));
    assert_non_null(strstr(err.text, "nested too deeply"));
    assert_false(read_nested(",{'option':%d}", 33, &err));
    assert_false(read_nested(",{'record':[['a',%d]]}", 33, &err));
    assert_true(read_nested(",{'tuple':[%d,%d,%d,%d,%d,%d,%d,%d,%d,%d]}", 6, &err));
    assert_false(read_nested(",{'tuple':[%d,%d,%d,%d,%d,%d,%d,%d,%d,%d]}", 7, &err)); /* 8 MB */
    assert_non_null(strstr(err.text, "too large"));
    assert_false(read_nested(",{'tuple':[%d,%d,%d,%d,%d,%d,%d,%d,%d,%d]}", 30, &err));
}

static void too_many_flags(void **state) {
    struct abi_interface interface;
    struct err err;
    char text[1000] = "{'format':1,'resources':[],'types':[{'flags':['f'";
    (void)state;
    for (int i = 0; i < 32; i++) strcat(text, ",'f'");
    strcat(
        text,
        "]}],'imports':[],'exports':[],'globals':'','start':false,'strict':false,'max_pages':1}");
    assert_false(read_text(text, strlen(text), &interface, &err));
    assert_non_null(strstr(err.text, "more than 32 flags"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_text),           cmocka_unit_test(spoiled_texts),
        cmocka_unit_test(every_cut_is_an_error), cmocka_unit_test(depth_and_size_are_bounded),
        cmocka_unit_test(too_many_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
