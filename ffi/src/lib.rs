//! Two crates exposed to C; no logic of our own. The surface is pk_ffi.h.
//!
//! No panic crosses into C: every call is wrapped in catch_unwind and answers with a problem text instead.

use std::ffi::{c_char, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// # Safety
/// `text` points to `size` bytes, or is anything when size is 0.
unsafe fn utf8<'a>(text: *const c_char, size: usize) -> Result<&'a str, String> {
    if size == 0 {
        return Ok("");
    }
    let bytes = std::slice::from_raw_parts(text.cast::<u8>(), size);
    std::str::from_utf8(bytes).map_err(|e| format!("it is not UTF-8: {e}"))
}

/// Copy a text with a NUL into the caller's buffer, cut at its size.
///
/// # Safety
/// `out` points to `size` writable bytes, or is NULL.
unsafe fn report(text: &str, out: *mut c_char, size: usize) {
    if out.is_null() || size == 0 {
        return;
    }
    let mut length = text.len().min(size - 1);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    std::ptr::copy_nonoverlapping(text.as_ptr(), out.cast::<u8>(), length);
    *out.add(length) = 0;
}

fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("the library failed on it".into()))
}

fn toml_to_json(text: &str) -> Result<CString, String> {
    let value: toml::Value = toml::from_str(text).map_err(|e| e.to_string())?;
    let json = serde_json::to_string(&value).map_err(|e| e.to_string())?;
    CString::new(json).map_err(|e| e.to_string())
}

fn schema_check(text: &str) -> Result<(), String> {
    let schema: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if !schema.is_object() && !schema.is_boolean() {
        return Err("a JSON Schema is an object or a boolean".into());
    }
    match jsonschema::meta::try_validate(&schema) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(e)) => Err(format!("{e} at \"{}\"", e.instance_path)),
        Err(e) => Err(e.to_string()),
    }
}

/// # Safety
/// See pk_ffi.h.
#[no_mangle]
pub unsafe extern "C" fn pk_toml_to_json(
    text: *const c_char,
    size: usize,
    problem: *mut c_char,
    problem_size: usize,
) -> *mut c_char {
    match utf8(text, size).and_then(|text| guarded(|| toml_to_json(text))) {
        Ok(json) => json.into_raw(),
        Err(e) => {
            report(&e, problem, problem_size);
            std::ptr::null_mut()
        }
    }
}

/// # Safety
/// See pk_ffi.h.
#[no_mangle]
pub unsafe extern "C" fn pk_schema_check(
    json: *const c_char,
    size: usize,
    problem: *mut c_char,
    problem_size: usize,
) -> bool {
    match utf8(json, size).and_then(|text| guarded(|| schema_check(text))) {
        Ok(()) => true,
        Err(e) => {
            report(&e, problem, problem_size);
            false
        }
    }
}

/// # Safety
/// `text` came from pk_toml_to_json and was not freed, or is NULL.
#[no_mangle]
pub unsafe extern "C" fn pk_text_free(text: *mut c_char) {
    if !text.is_null() {
        drop(CString::from_raw(text));
    }
}
