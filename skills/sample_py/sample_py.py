"""The sample skill with the Python SDK: greets, holds memory and waits as the input asks."""

import random
import time

from pharia_skill import Csi, skill
from pydantic import BaseModel, Field, RootModel

PAGE = 4096


class Input(BaseModel):
    topic: str
    memory: int | None = Field(None, ge=0, description="KB to hold, in chunks of 100 to 300 KB")
    wait_time: int | None = Field(None, ge=0, description="ms to wait while holding it")
    chunks: int | None = Field(None, ge=1, description="so many equal chunks instead")


class Output(RootModel[str]):
    pass


def chunk_sizes(memory: int, chunks: int | None) -> list[int]:
    """In KB."""
    if chunks is not None:
        return [memory // chunks + (i < memory % chunks) for i in range(chunks)]
    sizes = []
    while memory > 300:
        # What remains is never less than 100.
        sizes.append(random.randint(100, min(300, memory - 100)))
        memory -= sizes[-1]
    return sizes + [memory]


def touched(size: int) -> bytearray:
    """A chunk of which every page was written, as zeros alone may be no memory yet."""
    chunk = bytearray(size * 1024)
    chunk[::PAGE] = b"\1" * len(chunk[::PAGE])
    return chunk


@skill
def sample(csi: Csi, input: Input) -> Output:
    """Greets a topic; holds memory and waits when asked."""
    hello = f"Hello {input.topic}"
    parts = []
    held = []
    if input.memory is not None:
        held = [touched(size) for size in chunk_sizes(input.memory, input.chunks)]
        parts.append(f"memory={input.memory:06} KB in {len(held)} chunks")
    if input.wait_time is not None:
        time.sleep(input.wait_time / 1000)
        parts.append(f"time={input.wait_time:06} ms")
    return Output(f"{hello}  {' '.join(parts)}" if parts else hello)
