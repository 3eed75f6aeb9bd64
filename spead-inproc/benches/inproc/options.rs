use std::error::Error;

use lexopt::{Arg::Long, ValueExt as _};

pub(crate) const HELP: &str = "\
Measures the in-process pipe of spead-inproc.

usage: cargo bench --bench inproc -- [OPTIONS]
  --json               one JSON object a line, with the fields of bench/spead2_peer.py
  --cases A,B          of memcpy, copying, presend, concurrent, keep, fixture, latency, growth, stress (all)
  --payloads N,N       bytes of a heap (64, 1024, 8192, 65536, 1048576, 16777216)
  --packet-sizes N,N   bytes of a packet (1472, 9000, 65536)
  --reps N             runs of which the median counts (15)
  --packets N          packets in a run, about (12000)
  --max-mib N          payload of a run, at least four heaps (96)";

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Memcpy,
    Copying,
    Presend,
    Concurrent,
    Keep,
    Fixture,
    Latency,
    Growth,
    Stress,
}

impl Case {
    const ALL: [Self; 9] = [
        Self::Memcpy,
        Self::Copying,
        Self::Presend,
        Self::Concurrent,
        Self::Keep,
        Self::Fixture,
        Self::Latency,
        Self::Growth,
        Self::Stress,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memcpy => "memcpy",
            Self::Copying => "copying",
            Self::Presend => "presend",
            Self::Concurrent => "concurrent",
            Self::Keep => "keep",
            Self::Fixture => "fixture",
            Self::Latency => "latency",
            Self::Growth => "growth",
            Self::Stress => "stress",
        }
    }

    fn named(name: &str) -> Result<Self, String> {
        let unknown = || format!("no case {name:?}: see --help");
        Self::ALL.into_iter().find(|case| case.name() == name).ok_or_else(unknown)
    }
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) json: bool,
    pub(crate) cases: Vec<Case>,
    pub(crate) payloads: Vec<usize>,
    pub(crate) packet_sizes: Vec<usize>,
    pub(crate) reps: usize,
    packets: usize,
    max_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            json: false,
            cases: Case::ALL.to_vec(),
            payloads: vec![64, 1024, 8192, 65536, 1 << 20, 16 << 20],
            packet_sizes: vec![1472, 9000, 65536],
            reps: 15,
            packets: 12_000,
            max_bytes: 96 << 20,
        }
    }
}

impl Options {
    /// What the command line says; nothing if it asks for help.
    pub(crate) fn parse() -> Result<Option<Self>, Box<dyn Error>> {
        let mut options = Self::default();
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("json") => options.json = true,
                // What `cargo bench` adds.
                Long("bench") => {}
                Long("help") => return Ok(None),
                Long("cases") => options.cases = list(&mut arguments, Case::named)?,
                Long("payloads") => options.payloads = list(&mut arguments, number)?,
                Long("packet-sizes") => options.packet_sizes = list(&mut arguments, number)?,
                Long("reps") => options.reps = arguments.value()?.parse()?,
                Long("packets") => options.packets = arguments.value()?.parse()?,
                Long("max-mib") => options.max_bytes = arguments.value()?.parse::<usize>()? << 20,
                _ => return Err(argument.unexpected().into()),
            }
        }
        if options.reps == 0 {
            return Err("--reps 0: use at least 1".into());
        }
        Ok(Some(options))
    }

    /// Heaps in a run: the peer script's formula.
    pub(crate) fn heap_count(&self, payload: usize, packet_size: usize) -> usize {
        let per_heap = payload.div_ceil((packet_size & !7) - 40).max(1);
        let by_packets = (self.packets / per_heap).max(4);
        let by_bytes = (self.max_bytes / payload).max(4);
        by_packets.min(by_bytes)
    }
}

fn list<T>(arguments: &mut lexopt::Parser, one: fn(&str) -> Result<T, String>) -> Result<Vec<T>, Box<dyn Error>> {
    Ok(arguments.value()?.string()?.split(',').map(one).collect::<Result<_, _>>()?)
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|error| format!("{text:?}: {error}"))
}
