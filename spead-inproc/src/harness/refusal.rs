use std::any::Any;

/// Why a test cannot even begin: its settings cannot work.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    /// Whether a panic passes the test.
    pub(super) panics: bool,
}

impl Refusal {
    /// Fails the test. One that should panic returns instead: a panic that is not its body's would pass it.
    #[track_caller]
    pub(super) fn end<R: 'static>(self) -> R {
        let Self { message, panics } = self;
        // What should panic returns `()`, by the rules of the language.
        let nothing: Box<dyn Any> = Box::new(());
        match nothing.downcast::<R>() {
            Ok(nothing) if panics => {
                eprintln!("{message}");
                *nothing
            }
            _ => panic!("{message}"),
        }
    }
}
