//! The head of an HTTP/1 request, by the crate httparse.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;
use std::panic::{catch_unwind, AssertUnwindSafe};

use httparse::{Error, Header, Request, Status};

const HEADERS_MAX: usize = 100;

#[repr(C)]
pub struct Span {
    data: *const c_char,
    size: usize,
}

#[repr(C)]
pub struct HeadHeader {
    name: Span,
    value: Span,
}

#[repr(C)]
pub struct Head {
    method: Span,
    target: Span,
    header_count: usize,
    minor: u8,
    headers: [HeadHeader; HEADERS_MAX],
}

const OK: c_int = 0;
const PARTIAL: c_int = 1;
const BAD_REQUEST_LINE: c_int = 2;

fn code_of(error: Error) -> c_int {
    match error {
        Error::Token | Error::Status => BAD_REQUEST_LINE,
        Error::Version => 3,
        Error::HeaderName => 4,
        Error::HeaderValue => 5,
        Error::NewLine => 6,
        Error::TooManyHeaders => 7,
    }
}

fn span(bytes: &[u8]) -> Span {
    Span {
        data: bytes.as_ptr().cast(),
        size: bytes.len(),
    }
}

/// # Safety
/// As pk_ffi.h has it: `bytes` are `size` bytes, `head` may be written.
#[no_mangle]
pub unsafe extern "C" fn pk_http_head_parse(
    bytes: *const c_char,
    size: usize,
    head: *mut Head,
) -> c_int {
    let bytes = crate::bytes(bytes, size);
    catch_unwind(AssertUnwindSafe(|| parse(bytes, head))).unwrap_or(BAD_REQUEST_LINE)
}

unsafe fn parse(bytes: &[u8], head: *mut Head) -> c_int {
    let mut room = [const { MaybeUninit::<Header>::uninit() }; HEADERS_MAX];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut room) {
        Ok(Status::Complete(_)) => (),
        Ok(Status::Partial) => return PARTIAL,
        Err(error) => return code_of(error),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return BAD_REQUEST_LINE;
    };
    let head = &mut *head;
    head.method = span(method.as_bytes());
    head.target = span(target.as_bytes());
    head.minor = minor;
    head.header_count = request.headers.len();
    for (to, header) in head.headers.iter_mut().zip(request.headers.iter()) {
        to.name = span(header.name.as_bytes());
        to.value = span(header.value);
    }
    OK
}
