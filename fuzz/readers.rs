//! One reader under libFuzzer: `GREEN_CORRIDOR_FUZZ_TARGET` names it, one of `green_corridor::fuzzing::TARGETS`.

#![no_main]

use std::sync::LazyLock;

static READER: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("GREEN_CORRIDOR_FUZZ_TARGET").unwrap_or_default();
    green_corridor::fuzzing::target(&name)
});

libfuzzer_sys::fuzz_target!(
    // A panic of a decoder is caught where the decoder is called; libFuzzer would end the process at once.
    init: drop(std::panic::take_hook()),
    |bytes: &[u8]| READER(bytes)
);
