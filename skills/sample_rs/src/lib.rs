//! The sample skill in Rust: greets, holds memory and waits as the input asks.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZeroU32;
use std::thread::sleep;
use std::time::Duration;

use exports::pharia::skill::skill_handler::{Error, Guest, SkillMetadata};
use serde::Deserialize;

wit_bindgen::generate!({ path: "../../wit/skill@0.3", world: "skill" });

const PAGE: usize = 4096;

#[derive(Deserialize)]
struct Input {
    topic: String,
    memory: Option<u32>,
    wait_time: Option<u64>,
    chunks: Option<NonZeroU32>,
}

const INPUT_SCHEMA: &str = r#"{"title": "Input", "type": "object", "properties": {
  "topic": {"type": "string"},
  "memory": {"type": ["integer", "null"], "minimum": 0, "description": "KB to hold, in chunks of 100 to 300 KB"},
  "wait_time": {"type": ["integer", "null"], "minimum": 0, "description": "ms to wait while holding it"},
  "chunks": {"type": ["integer", "null"], "minimum": 1, "description": "so many equal chunks instead"}
}, "required": ["topic"]}"#;

/// From low to high. The hasher's keys are random; a crate for it would be more than this needs.
fn random_between(low: u32, high: u32) -> u32 {
    let bits = RandomState::new().build_hasher().finish();
    low + (bits % u64::from(high - low + 1)) as u32
}

/// In KB.
fn chunk_sizes(mut memory: u32, chunks: Option<NonZeroU32>) -> Vec<u32> {
    if let Some(chunks) = chunks {
        return (0..chunks.get()).map(|i| memory / chunks + u32::from(i < memory % chunks)).collect();
    }
    let mut sizes = Vec::new();
    while memory > 300 {
        // What remains is never less than 100.
        let size = random_between(100, 300.min(memory - 100));
        sizes.push(size);
        memory -= size;
    }
    sizes.push(memory);
    sizes
}

/// A chunk of which every page was written, as zeros alone may be no memory yet.
fn touched(size: u32) -> Result<Vec<u8>, Error> {
    let out_of_memory = || Error::Internal("out of memory".into());
    let bytes = usize::try_from(u64::from(size) * 1024).map_err(|_| out_of_memory())?;
    let mut chunk = Vec::new();
    chunk.try_reserve_exact(bytes).map_err(|_| out_of_memory())?;
    chunk.resize(bytes, 0);
    chunk.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
    // Or the compiler finds that nobody reads it.
    Ok(std::hint::black_box(chunk))
}

struct Skill;

impl Guest for Skill {
    fn run(input: Vec<u8>) -> Result<Vec<u8>, Error> {
        let input: Input =
            serde_json::from_slice(&input).map_err(|error| Error::InvalidInput(error.to_string()))?;
        let mut parts = Vec::new();
        let mut held = Vec::new();
        if let Some(memory) = input.memory {
            for size in chunk_sizes(memory, input.chunks) {
                held.push(touched(size)?);
            }
            parts.push(format!("memory={memory:06} KB in {} chunks", held.len()));
        }
        if let Some(ms) = input.wait_time {
            sleep(Duration::from_millis(ms));
            parts.push(format!("time={ms:06} ms"));
        }
        let mut message = format!("Hello {}", input.topic);
        if !parts.is_empty() {
            message += &format!("  {}", parts.join(" "));
        }
        serde_json::to_vec(&message).map_err(|error| Error::Internal(error.to_string()))
    }

    fn metadata() -> SkillMetadata {
        SkillMetadata {
            description: Some("Greets a topic; holds memory and waits when asked.".into()),
            input_schema: INPUT_SCHEMA.into(),
            output_schema: r#"{"title": "Output", "type": "string"}"#.into(),
        }
    }
}

export!(Skill);
