//! What pk_ffi.h promises, from crates that do the work. No panic leaves this library.

mod http;

use std::ffi::{c_char, CString};
use std::ops::RangeInclusive;
use std::panic::{catch_unwind, UnwindSafe};
use std::ptr::null_mut;
use std::rc::Rc;
use std::slice;
use std::str;

use serde_json::{Map, Number, Value as Json};
use toml::Value as Toml;

/// # Safety
/// As pk_ffi.h has it: `text` are `size` bytes, `problem` are `problem_size`.
#[no_mangle]
pub unsafe extern "C" fn pk_toml_to_json(
    text: *const c_char,
    size: usize,
    problem: *mut c_char,
    problem_size: usize,
) -> *mut c_char {
    let text = bytes(text, size);
    guarded(|| toml_to_json(text), problem, problem_size).map_or(null_mut(), CString::into_raw)
}

/// # Safety
/// As pk_ffi.h has it: `json` are `size` bytes, `problem` are `problem_size`.
#[no_mangle]
pub unsafe extern "C" fn pk_schema_check(
    json: *const c_char,
    size: usize,
    problem: *mut c_char,
    problem_size: usize,
) -> bool {
    let json = bytes(json, size);
    guarded(|| schema_check(json), problem, problem_size).is_some()
}

/// # Safety
/// `text` is NULL or a result of this library that was not freed yet.
#[no_mangle]
pub unsafe extern "C" fn pk_text_free(text: *mut c_char) {
    if !text.is_null() {
        drop(CString::from_raw(text));
    }
}

unsafe fn bytes<'a>(text: *const c_char, size: usize) -> &'a [u8] {
    if size == 0 {
        return &[]; // a null pointer makes no slice
    }
    slice::from_raw_parts(text.cast(), size)
}

/// The result, or None with the reason written to `problem`.
unsafe fn guarded<T>(
    work: impl FnOnce() -> Result<T, String> + UnwindSafe,
    problem: *mut c_char,
    problem_size: usize,
) -> Option<T> {
    let result = catch_unwind(work).unwrap_or_else(|_| Err("the parser panicked".into()));
    result
        .map_err(|reason| write_text(&reason, problem, problem_size))
        .ok()
}

/// A C string, cut where a character ends.
unsafe fn write_text(text: &str, out: *mut c_char, out_size: usize) {
    if out_size == 0 {
        return;
    }
    let mut size = text.len().min(out_size - 1);
    while !text.is_char_boundary(size) {
        size -= 1;
    }
    text.as_ptr().copy_to_nonoverlapping(out.cast(), size);
    out.add(size).write(0);
}

fn toml_to_json(bytes: &[u8]) -> Result<CString, String> {
    let at_line = |offset: usize, what: &str| {
        let line = bytes[..offset]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1;
        format!("line {line}: {what}")
    };
    let text = str::from_utf8(bytes).map_err(|error| at_line(error.valid_up_to(), "not UTF-8"))?;
    let document: toml::Table = toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        at_line(offset, &error.message().replace('\n', ", "))
    })?;
    let json = json_of(Toml::Table(document))?.to_string();
    CString::new(json).map_err(|error| error.to_string()) // JSON escapes NUL: it cannot fail
}

/// Dates and times become strings: JSON has none.
fn json_of(value: Toml) -> Result<Json, String> {
    Ok(match value {
        Toml::String(text) => Json::String(text),
        Toml::Integer(integer) => integer.into(),
        Toml::Boolean(boolean) => boolean.into(),
        Toml::Datetime(datetime) => datetime.to_string().into(),
        Toml::Float(float) => Number::from_f64(float)
            .ok_or_else(|| format!("{float} is no number in JSON"))?
            .into(),
        Toml::Array(array) => array.into_iter().map(json_of).collect::<Result<_, _>>()?,
        Toml::Table(table) => table
            .into_iter()
            .map(|(key, value)| Ok((key, json_of(value)?)))
            .collect::<Result<Map<_, _>, String>>()?
            .into(),
    })
}

/// A keyword that holds schemas, and the drafts (0: 4, 1: 6, 2: 7, 3: 2019-09, 4: 2020-12) whose
/// meta-schema looks into them.
type Keyword = (&'static str, RangeInclusive<usize>);
const ONE_SCHEMA: &[Keyword] = &[
    ("additionalItems", 0..=3),
    ("additionalProperties", 0..=4),
    ("contains", 1..=4),
    ("contentSchema", 3..=4),
    ("else", 2..=4),
    ("if", 2..=4),
    ("items", 0..=4),
    ("not", 0..=4),
    ("propertyNames", 1..=4),
    ("then", 2..=4),
    ("unevaluatedItems", 3..=4),
    ("unevaluatedProperties", 3..=4),
];
const SCHEMA_LIST: &[Keyword] = &[
    ("allOf", 0..=4),
    ("anyOf", 0..=4),
    ("items", 0..=3),
    ("oneOf", 0..=4),
    ("prefixItems", 4..=4),
];
const SCHEMA_MAP: &[Keyword] = &[
    ("$defs", 3..=4),
    ("definitions", 0..=4),
    ("dependencies", 0..=4),
    ("dependentSchemas", 3..=4),
    ("patternProperties", 0..=4),
    ("properties", 0..=4),
];

/// 2020-12 is the default; what is none of them the validator refuses.
fn draft_of(dialect: Option<&Json>) -> usize {
    let name = dialect.and_then(Json::as_str).unwrap_or("");
    ["draft-04", "draft-06", "draft-07", "2019-09"]
        .iter()
        .position(|draft| name.contains(draft))
        .unwrap_or(4)
}

/// The way to a schema within the schema. Its text is only made for an error: those of all schemas
/// together may be much longer than the schema.
struct Place {
    parent: Option<Rc<Place>>,
    keyword: &'static str,
    name: Option<String>, // or index
}

fn pointer_to(place: Option<&Place>) -> String {
    let Some(place) = place else {
        return String::new();
    };
    let mut text = pointer_to(place.parent.as_deref());
    text = text + "/" + place.keyword;
    if let Some(name) = &place.name {
        text = text + "/" + &name.replace('~', "~0").replace('/', "~1");
    }
    text
}

/// Each schema within the schema is validated by itself, with empty ones in the place of its own
/// schemas. The validator compiles the meta-schema anew for every way down into a schema and keeps
/// all of that as long as the process lives: megabytes for each level.
fn schema_check(bytes: &[u8]) -> Result<(), String> {
    let schema: Json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let dialect = schema.get("$schema").cloned();
    let draft = draft_of(dialect.as_ref());
    let mut todo: Vec<(Option<Rc<Place>>, Json)> = vec![(None, schema)];
    while let Some((place, mut schema)) = todo.pop() {
        if let Json::Object(members) = &mut schema {
            detach_schemas(members, draft, &place, &mut todo);
            let own = members.get("$schema").is_none_or(Json::is_string);
            if let (true, Some(dialect)) = (own, &dialect) {
                members.insert("$schema".into(), dialect.clone());
            }
        }
        match jsonschema::meta::try_validate(&schema) {
            Ok(Ok(())) => (),
            Ok(Err(error)) => {
                let place = pointer_to(place.as_deref());
                return Err(format!("{error} at \"{place}{}\"", error.instance_path));
            }
            Err(error) => return Err(error.to_string()), // an unknown $schema
        }
    }
    Ok(())
}

/// What stands where a schema may, but is no object, stays: it is valid or not at its place.
fn detach_schemas(
    members: &mut Map<String, Json>,
    draft: usize,
    parent: &Option<Rc<Place>>,
    todo: &mut Vec<(Option<Rc<Place>>, Json)>,
) {
    let mut detach = |keyword: &'static str, name: Option<String>, value: &mut Json| {
        if value.is_object() {
            let place = Place {
                parent: parent.clone(),
                keyword,
                name,
            };
            let detached = std::mem::replace(value, Json::Object(Map::new()));
            todo.push((Some(Rc::new(place)), detached));
        }
    };
    for keyword in known(SCHEMA_LIST, draft) {
        if let Some(Json::Array(list)) = members.get_mut(keyword) {
            for (i, value) in list.iter_mut().enumerate() {
                detach(keyword, Some(i.to_string()), value);
            }
        }
    }
    for keyword in known(SCHEMA_MAP, draft) {
        if let Some(Json::Object(map)) = members.get_mut(keyword) {
            for (key, value) in map.iter_mut() {
                detach(keyword, Some(key.clone()), value);
            }
        }
    }
    for keyword in known(ONE_SCHEMA, draft) {
        if let Some(value) = members.get_mut(keyword) {
            detach(keyword, None, value);
        }
    }
}

fn known(keywords: &'static [Keyword], draft: usize) -> impl Iterator<Item = &'static str> {
    keywords
        .iter()
        .filter(move |(_, drafts)| drafts.contains(&draft))
        .map(|(keyword, _)| *keyword)
}
