"""The memory of all guests together (GUEST_MEMORY): what needs much waits, what grows beyond is ended, the rest goes on."""
import concurrent.futures
import time

import pytest

from e2e_support import read_answer, wait_until

FILL = "(memory.fill (i32.const 131072) (i32.const 7) (i32.const 536870912))"
FILL_64M = FILL.replace("536870912", "67108864")
SLEEP = "(call $sleep (i64.const 3600000000000))"
# 4 MiB more every millisecond, until there is no more: then the fill is out of bounds.
GROW = """(loop $again
  (memory.fill (i32.shl (memory.grow (i32.const 64)) (i32.const 16)) (i32.const 7) (i32.const 4194304))
  (call $sleep (i64.const 1000000))
  (br $again))"""
LIMIT = 512 << 20
# A memory that is large from the start: what is written there is the image's, nothing has grown.
LARGE = (('(memory (export "memory") 2)', '(memory (export "memory") 1026)'), ("(drop (memory.grow (i32.const 8192)))", ""))
# $pointer is not needed any more: 10 to 100 ms.
SPIN = """(local.set $pointer (i32.const 20000000))
  (loop $again (br_if $again (local.tee $pointer (i32.sub (local.get $pointer) (i32.const 1)))))"""


@pytest.fixture
def small(start, wasm):
    kernel = start(env={"GUEST_MEMORY": "512Mi", "INVOCATION_MEMORY": "600Mi", "SHUTDOWN_DEADLINE": "1s"})
    kernel.put(wasm.behaviour, "good")
    kernel.put(wasm.variant("sleeper", (FILL, FILL_64M + SLEEP)), "sleeper")
    kernel.put(wasm.variant("filler", (FILL, FILL_64M)), "filler")
    kernel.put(wasm.variant("grower", (FILL, GROW), ("(drop (memory.grow (i32.const 8192)))", "")), "grower")
    for name in ("good", "sleeper", "filler", "grower"):
        assert kernel.say(name, "echo").status == 200
    return kernel


def anonymous(kernel):
    with open(f"/proc/{kernel.process.pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon"))


def close(clients):
    for client in clients:
        client.close()


def at_once(kernel, name, count):
    """Answers of so many big calls at once, and the most memory that the kernel had meanwhile."""
    most = 0
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        answers = [pool.submit(kernel.say, name, "k") for _ in range(count)]
        while not all(answer.done() for answer in answers):
            most = max(most, anonymous(kernel))
            time.sleep(0.002)
    return [answer.result() for answer in answers], most


def test_calls_that_hold_memory_and_sleep_keep_others_of_their_kind_waiting(small):
    sleepers = [small.begin("sleeper", '"k"') for _ in range(40)]
    wait_until(lambda: anonymous(small) > LIMIT * 3 // 4, what="the memory that is filled")
    time.sleep(0.5)
    assert anonymous(small) < LIMIT * 3 // 2  # all 40 would hold five times the limit
    assert small.call("GET", "/health").status == 200
    for _ in range(20):
        assert small.say("good", "echo", timeout=60).text == '"echo"'
    close(sleepers)
    wait_until(lambda: anonymous(small) < LIMIT // 4, what="the memory given back")
    assert small.say("filler", "k", timeout=60).status == 200


def test_what_is_written_into_images_is_limited_too(start, wasm):
    """All have begun, and sleep, before the first writes: nobody is held back, so they have to be ended."""
    kernel = start(env={"GUEST_MEMORY": "512Mi", "SHUTDOWN_DEADLINE": "1s"})
    begin_sleep = "(call $sleep (i64.const 3000000000))"
    kernel.put(wasm.behaviour, "good")
    kernel.put(wasm.variant("imager", (FILL, begin_sleep + FILL_64M + SLEEP), *LARGE), "imager")
    assert kernel.say("good", "echo").status == kernel.say("imager", "echo").status == 200
    writers = [kernel.begin("imager", '"k"') for _ in range(40)]
    most, end = 0, time.monotonic() + 8
    while time.monotonic() < end:
        most = max(most, anonymous(kernel))
        time.sleep(0.002)
    print(f"\n40 calls that write 64 MiB into their images: {most >> 20} MiB at most")
    assert LIMIT // 2 < most < LIMIT * 3 // 2
    assert kernel.say("good", "echo", timeout=10).status == 200
    close(writers)


def test_slow_calls_begin_while_those_that_hold_memory_sleep(small, wasm):
    small.put(wasm.variant("slow", (FILL, SPIN), ("(drop (memory.grow (i32.const 8192)))", "")), "slow")
    for _ in range(5):
        small.say("slow", "k")  # what its calls are like is known
    sleepers = [small.begin("sleeper", '"k"') for _ in range(40)]
    wait_until(lambda: anonymous(small) > LIMIT * 3 // 4 - (64 << 20), what="the memory that is filled")
    for _ in range(5):
        assert small.say("slow", "k", timeout=30).status == 500  # its input is overwritten: no JSON
    close(sleepers)


def test_nobody_keeps_all_others_out_by_holding_memory(start, wasm):
    """Many that hold little each and sleep, or compute, without end: the memory is full, and none of them is what is ended first."""
    kernel = start(env={"GUEST_MEMORY": "128Mi", "SHUTDOWN_DEADLINE": "1s"})
    kernel.put(wasm.behaviour, "good")
    little = ("(drop (memory.grow (i32.const 8192)))", "(drop (memory.grow (i32.const 96)))"), ("536870912", "6291456")
    wait, late = "(call $sleep (i64.const 3000000000))", "(call $sleep (i64.const 1000000))"
    for name, then in (("sleepers", SLEEP), ("loopers", "(loop $ever (br $ever))")):
        fill = FILL.replace(*little[1])
        kernel.put(wasm.variant(name, (FILL, wait + fill + late + then), little[0]), name)
        assert kernel.say(name, "echo").status == kernel.say("good", "echo").status == 200
        holders = [kernel.begin(name, '"k"') for _ in range(40)]
        time.sleep(5)
        for _ in range(5):
            assert kernel.say("good", "echo", timeout=30).status == 200
        close(holders)


def test_big_calls_at_once_all_end_within_little_memory(small):
    answers, most = at_once(small, "filler", 60)
    assert [answer.text for answer in answers if answer.status != 200] == []
    print(f"\n60 calls of 64 MiB at once: {most >> 20} MiB at most")
    assert most < LIMIT


def test_what_grows_beyond_the_limit_is_ended_and_told_why(small):
    answers, most = at_once(small, "grower", 24)
    assert {answer.status for answer in answers} == {503}
    told = [answer for answer in answers if "GUEST_MEMORY" in answer.text]
    print(f"\n24 calls that grow to 600 MiB: {most >> 20} MiB at most, {len(told)} of them ended")
    assert told and told[0].headers["Retry-After"] and "512 MiB" in told[0].text
    assert most < LIMIT * 3 // 2
    assert small.say("good", "echo").status == 200


def test_what_waits_for_memory_can_be_cancelled_and_stopped(small):
    sleepers = [small.begin("sleeper", '"k"') for _ in range(12)]
    wait_until(lambda: anonymous(small) > LIMIT * 3 // 4, what="the memory that is filled")
    waiting = [small.begin("sleeper", '"k"') for _ in range(20)]
    time.sleep(0.3)
    close(waiting[:10])
    time.sleep(0.3)
    begin = time.monotonic()
    small.stop()
    assert time.monotonic() - begin < 30  # what runs would take an hour
    for client in sleepers + waiting[10:]:
        assert read_answer(client.makefile("rb"))[0] == 503
        client.close()


def test_a_call_whose_time_is_over_while_it_waits_for_memory_is_answered(start, wasm):
    kernel = start(env={"GUEST_MEMORY": "256Mi", "INVOCATION_TIMEOUT": "3s"})
    kernel.put(wasm.variant("sleeper", (FILL, FILL_64M + SLEEP)), "sleeper")
    assert kernel.say("sleeper", "echo").status == 200
    answers = kernel.many(16, lambda _: kernel.say("sleeper", "k", timeout=60))
    assert {answer.status for answer in answers} == {503}
    assert all("INVOCATION_TIMEOUT" in answer.text or "GUEST_MEMORY" in answer.text for answer in answers)


def test_calls_that_fit_one_at_a_time_wait_for_each_other(start, wasm):
    """Two at a time would need more than there is: none is refused, from the first on."""
    kernel = start(env={"GUEST_MEMORY": "768Mi"})
    kernel.put(wasm.behaviour, "filler")
    assert kernel.say("filler", "echo").status == 200
    answers = kernel.many(16, lambda _: kernel.say("filler", "k"), workers=2)
    assert [answer.status for answer in answers] == [200] * 16


@pytest.mark.parametrize("count", [900, 2000])
def test_many_small_parked_calls_leave_room_to_other_skills(start, wasm, count):
    """Each holds 0.9 MiB and sleeps: all together would need several times what there is."""
    kernel = start(env={"GUEST_MEMORY": "256Mi", "SHUTDOWN_DEADLINE": "1s"})
    kernel.put(wasm.behaviour, "good")
    little = ("(drop (memory.grow (i32.const 8192)))", "(drop (memory.grow (i32.const 14)))"), ("536870912", "917504")
    kernel.put(wasm.variant("parker", (FILL, FILL.replace(*little[1]) + SLEEP), little[0]), "parker")
    for name in ("good", "parker"):
        assert kernel.say(name, "echo").status == 200
    parked = [kernel.begin("parker", '"k"') for _ in range(count)]
    wait_until(lambda: anonymous(kernel) > 128 << 20, what="the memory that is filled")
    most, took = 0, []
    for _ in range(30):
        begin = time.monotonic()
        assert kernel.say("good", "echo", timeout=20).status == 200
        took.append(time.monotonic() - begin)
        most = max(most, anonymous(kernel))
        time.sleep(0.05)
    print(f"\nbeside {count} parked calls a good one took {max(took) * 1e3:.0f} ms at most; {most >> 20} MiB")
    assert most < 320 << 20
    close(parked[:count // 2])  # what they held, and others of their kind wait for, is there for all
    assert kernel.say("good", "echo", timeout=20).status == 200
    close(parked[count // 2:])


TABLES = ("(table $table 4 4 funcref)", "(table $table 4 4 funcref) (table $large 1 1000000 funcref) (table $second 1 1000000 funcref)")
FILL_TABLE = "(drop (table.grow $large (ref.func $noop) (i32.const 900000)))"
FILL_SECOND = "(if (i32.ne (table.grow $second (ref.func $noop) (i32.const 900000)) (i32.const -1)) (then unreachable))"
NO_GROW = ("(drop (memory.grow (i32.const 8192)))", "")


def test_what_tables_take_is_a_call_s_cost(start, wasm):
    """7 MiB of a table in each of 60 calls that sleep are more than there is."""
    kernel = start(env={"GUEST_MEMORY": "256Mi", "SHUTDOWN_DEADLINE": "1s"})
    kernel.put(wasm.behaviour, "good")
    kernel.put(wasm.variant("tables", TABLES, (FILL, FILL_TABLE + SLEEP), NO_GROW), "tables")
    for name in ("good", "tables"):
        assert kernel.say(name, "echo").status == 200
    sleepers = [kernel.begin("tables", '"k"') for _ in range(60)]
    wait_until(lambda: anonymous(kernel) > 128 << 20, what="the memory that is filled")
    most = 0
    for _ in range(30):
        assert kernel.say("good", "echo", timeout=20).status == 200
        most = max(most, anonymous(kernel))
        time.sleep(0.05)
    print(f"\n60 calls with 7 MiB of tables each: {most >> 20} MiB at most")
    assert most < 320 << 20
    close(sleepers)


def test_all_tables_of_a_call_grow_to_a_limit_together(start, wasm):
    kernel = start()
    kernel.put(wasm.variant("two", TABLES, (FILL, FILL_TABLE + FILL_SECOND), NO_GROW), "two")
    assert kernel.say("two", "k").status == 200


def test_a_skill_whose_tables_or_globals_are_too_many_is_refused(start, wasm):
    kernel = start()
    kernel.put(wasm.variant("wide", ("(table $table 4 4 funcref)", "(table $table 4 4 funcref)" + "(table 1000000 funcref)" * 15)), "wide")
    answer = kernel.say("wide", "echo")
    assert answer.status == 503 and "the limit of all tables of a component is 1000000 together" in answer.text
    kernel.put(wasm.variant("many", ("(global $secret", "(global (mut i64) (i64.const 0))" * 20001 + "(global $secret")), "many")
    answer = kernel.say("many", "echo")
    assert answer.status == 503 and "globals; the limit is 20000" in answer.text
