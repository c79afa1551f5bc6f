//! What pk_ffi.h promises, from crates that do the work. No panic leaves this library.

use std::ffi::{c_char, CString};
use std::panic::{catch_unwind, UnwindSafe};
use std::ptr::null_mut;
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

fn schema_check(bytes: &[u8]) -> Result<(), String> {
    let schema: Json = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    match jsonschema::meta::try_validate(&schema) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(format!("{error} at \"{}\"", error.instance_path)),
        Err(error) => Err(error.to_string()), // an unknown $schema
    }
}
