//! Panics that are part of a search.

use std::{any::Any, cell::Cell, panic, sync::Once};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs without telling of panics on this thread: the sweep tells of them.
pub(in crate::harness) fn quietly<R>(run: impl FnOnce() -> R) -> R {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                others(info);
            }
        }));
    });
    let _restored = Restored(QUIET.replace(true));
    run()
}

struct Restored(bool);

impl Drop for Restored {
    fn drop(&mut self) {
        QUIET.set(self.0);
    }
}

/// The message of a panic.
pub(in crate::harness) fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}
