use serde_json::{Map, Value};

/// One line of output: a case, what tells it from others, and its figures.
#[derive(Debug)]
pub(crate) struct Record {
    fields: Vec<(&'static str, Value)>,
}

impl Record {
    pub(crate) fn new(case: &str) -> Self {
        Self { fields: Vec::new() }
            .with("impl", "spead-inproc")
            .with("version", env!("CARGO_PKG_VERSION"))
            .with("case", case)
            .with("malloc", malloc())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds a figure, rounded to six digits.
    pub(crate) fn figure(self, name: &'static str, value: f64) -> Self {
        let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
        self.with(name, rounded)
    }
}

/// Whether the C library was told to keep freed memory, as the peer script tells it.
fn malloc() -> &'static str {
    match std::env::var("GLIBC_TUNABLES") {
        Ok(tunables) if tunables.contains("glibc.malloc.trim_threshold") => "warm",
        _ => "default",
    }
}

/// Where records go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    /// The columns of the table that is being printed.
    columns: Vec<&'static str>,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json, columns: Vec::new() }
    }

    pub(crate) fn write(&mut self, record: &Record) {
        if self.json {
            let fields = record.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            println!("{}", Value::Object(fields.collect::<Map<_, _>>()));
            return;
        }
        const FOR_MACHINES: [&str; 6] = ["impl", "version", "malloc", "recv", "min_total_s", "max_total_s"];
        let shown = || record.fields.iter().filter(|(name, _)| !FOR_MACHINES.contains(name));
        let columns: Vec<_> = shown().map(|(name, _)| *name).collect();
        if columns != self.columns {
            println!();
            columns.iter().for_each(|name| print!("{name:>13} "));
            println!();
            self.columns = columns;
        }
        shown().for_each(|(_, value)| print!("{:>13} ", text(value)));
        println!();
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(figure) if number.is_f64() => short(figure),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// Four digits and a unit prefix.
fn short(figure: f64) -> String {
    let (scaled, prefix) = match figure.abs() {
        size if size >= 1e9 => (figure / 1e9, " G"),
        size if size >= 1e6 => (figure / 1e6, " M"),
        size if size >= 1e3 => (figure / 1e3, " k"),
        size if size >= 1.0 || size == 0.0 => (figure, ""),
        size if size >= 1e-3 => (figure * 1e3, " m"),
        _ => (figure * 1e6, " µ"),
    };
    format!("{scaled:.2}{prefix}")
}
