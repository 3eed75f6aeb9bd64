//! Panics that are part of a search.

use std::{
    any::Any,
    backtrace::{Backtrace, BacktraceStatus},
    cell::{Cell, RefCell},
    panic,
    sync::Once,
};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
    static LAST: RefCell<Option<Met>> = const { RefCell::new(None) };
    static TRACED: RefCell<Option<Backtrace>> = const { RefCell::new(None) };
}

/// Where a panic was met.
struct Met {
    place: String,
    /// If the environment asks for one.
    backtrace: Backtrace,
}

/// Runs without telling of panics on this thread: the sweep tells of them.
pub(in crate::harness) fn quietly<R>(run: impl FnOnce() -> R) -> R {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                return others(info);
            }
            let place = info.location().map(ToString::to_string).unwrap_or_default();
            LAST.replace(Some(Met { place, backtrace: Backtrace::capture() }));
        }));
    });
    LAST.take();
    let _restored = Restored(QUIET.replace(true));
    run()
}

struct Restored(bool);

impl Drop for Restored {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}

/// The message of the panic that [`quietly`] has just met on this thread, and below its first line where that was.
pub(in crate::harness) fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned());
    let Some(Met { place, backtrace }) = LAST.take() else { return text };
    let (first, rest) = text.split_once('\n').map_or((text.as_str(), None), |(first, rest)| (first, Some(rest)));
    let mut text = format!("{first}\n  at {place}");
    if let Some(rest) = rest {
        text += &format!("\n{}", rest.trim_end());
    }
    TRACED.replace(Some(backtrace).filter(|trace| trace.status() == BacktraceStatus::Captured));
    text
}

/// The backtrace of the panic that [`text`] has last told of on this thread, if the environment asks for one.
pub(super) fn backtrace() -> Option<Backtrace> {
    TRACED.take()
}

#[cfg(test)]
mod tests {
    use std::panic::{catch_unwind, resume_unwind};

    use super::*;

    fn told(run: fn()) -> String {
        text(&*quietly(|| catch_unwind(run)).unwrap_err())
    }

    #[test]
    fn where_it_was_is_told_after_the_first_line() {
        let text = told(|| panic!("it came first\n  left: 2\n right: 2"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!([lines[0], lines[2], lines[3]], ["it came first", "  left: 2", " right: 2"]);
        assert!(lines[1].starts_with("  at ") && lines[1].contains("quiet.rs:"), "{text}");
        assert_eq!(told(|| panic!("late")).lines().count(), 2);
        let asked = Backtrace::capture().status() == BacktraceStatus::Captured;
        assert_eq!((backtrace().is_some(), backtrace().is_some()), (asked, false));
    }

    #[test]
    fn a_panic_of_another_place_lends_none() {
        assert!(told(|| panic!("one")).contains("quiet.rs"));
        assert_eq!(told(|| resume_unwind(Box::new("of a task"))), "of a task");
    }
}
