//! Calls the plugin behind Extism, each time in a fresh instance: `extism-host PLUGIN QUESTION CALLS`.
#![forbid(unsafe_code)]

#[allow(dead_code)]
#[path = "../../wire.rs"]
mod wire;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, UserData, ValType, Wasm};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [plugin, question, calls] = &arguments[..] else { anyhow::bail!("PLUGIN QUESTION CALLS") };
    let module = std::fs::read(plugin).with_context(|| plugin.clone())?;
    let question: wire::Question = serde_json::from_slice(&std::fs::read(question)?)?;
    let calls: usize = calls.parse()?;

    // With limits, as a host of strangers' plugins has to set them.
    let manifest =
        Manifest::new([Wasm::data(module)]).with_timeout(Duration::from_secs(1)).with_memory_max(1_024);
    // The code shared with the component binds a log, which this host has no use for.
    let log = |builder: PluginBuilder<'static>| {
        builder.with_function_in_namespace(
            "grimoire:types/log@0.1.0",
            "write",
            [ValType::I32, ValType::I32, ValType::I32],
            [],
            UserData::<()>::default(),
            |_, _, _, _| Ok(()),
        )
    };
    let started = Instant::now();
    let compiled = CompiledPlugin::new(log(PluginBuilder::new(manifest).with_cache_disabled()))?;
    let compile = started.elapsed().as_secs_f64();

    let mut measured = wire::Measured { fresh: Vec::new(), empty: Vec::new(), compile, verdicts: Vec::new() };
    let micros = |started: Instant| started.elapsed().as_secs_f64() * 1e6;
    for _ in 0..calls {
        let started = Instant::now();
        let mut plugin = Plugin::new_from_compiled(&compiled)?;
        let answer = plugin.call::<_, Vec<u8>>("score", serde_json::to_vec(&question)?)?;
        let verdicts: Vec<wire::Verdict> = serde_json::from_slice(&answer)?;
        drop(plugin);
        measured.fresh.push(micros(started));
        measured.verdicts = verdicts;
    }
    for _ in 0..calls {
        let started = Instant::now();
        let mut plugin = Plugin::new_from_compiled(&compiled)?;
        plugin.call::<_, Vec<u8>>("empty", Vec::<u8>::new())?;
        drop(plugin);
        measured.empty.push(micros(started));
    }
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}
