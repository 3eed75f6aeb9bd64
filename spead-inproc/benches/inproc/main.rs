//! How fast the pipe is: the cases of `bench/spead2_peer.py`, and how cost grows.
//!
//! `cargo bench --bench inproc` prints a table; with `-- --json` one JSON object a line, with the names and fields of the
//! peer script, so that `bench/compare` can set the two side by side. Every heap is popped, and its length and one byte of
//! its payload are checked, inside the clock. Figures are medians of `--reps` runs; GB = 1e9 bytes of heap payload.

mod copying;
mod grid;
mod growth;
mod options;
mod record;
mod single;
mod stress;
mod timing;

use std::error::Error;

use options::{Case, Options};
use record::Output;

type Outcome = Result<(), Box<dyn Error>>;

fn main() {
    if let Err(error) = run() {
        eprintln!("inproc: {error}");
        std::process::exit(1);
    }
}

fn run() -> Outcome {
    let Some(options) = Options::parse()? else {
        println!("{}", options::HELP);
        return Ok(());
    };
    let mut output = Output::new(options.json);
    for case in &options.cases {
        match case {
            Case::Memcpy => copying::memcpy(&options, &mut output),
            Case::Copying => copying::copying(&options, &mut output)?,
            Case::Presend | Case::Concurrent => grid::grid(*case, &options, &mut output)?,
            Case::Keep => grid::keep(&options, &mut output)?,
            Case::Fixture => single::on_all_and_one_cpu(|cpus| single::fixture(cpus, &options, &mut output))?,
            Case::Latency => single::on_all_and_one_cpu(|cpus| single::latency(cpus, &options, &mut output))?,
            Case::Stress => stress::stress(&options, &mut output)?,
            Case::Growth => growth::growth(&options, &mut output)?,
        }
    }
    Ok(())
}
