//! What stands in the parentheses: keys and their values, and every error in them, each at its token.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprLit, ExprUnary, Ident, Lit, Path, Token, UnOp};

use crate::errors::Errors;

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A `usize` of at least 1.
    Count,
    /// A `bool`.
    Flag,
    /// `true` or `false`, read while the test is compiled.
    Switch,
    /// Anything that is `AsRef<str>`.
    Text,
    /// A value of the type that [`Kind::tokens`] names.
    Flavour,
    Duration,
    Settings,
    Builder,
    Order,
    Faults,
    Descriptors,
    /// Anything that gives `u64`s.
    Seeds,
    /// A path.
    Path,
}

/// One key of the attribute. A key that configures the harness is the name of a method of `__private::Setup`, so a new one
/// is a line here and a method there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// For the message when the value is missing or wrong.
    example: &'static str,
}

const fn key(name: &'static str, kind: Kind, example: &'static str) -> Key {
    Key { name, kind, example }
}

/// All keys, in the order of the documentation.
pub(crate) const KEYS: [Key; 20] = [
    key("senders", Kind::Count, "2"),
    key("max_heaps", Kind::Count, "4"),
    key("receivers", Kind::Count, "1"),
    key("substreams", Kind::Count, "2"),
    key("packet_size", Kind::Count, "1472"),
    key("flavour", Kind::Flavour, "Flavour::SPEAD_64_48"),
    key("out_of_order", Kind::Flag, "true"),
    key("threads", Kind::Flag, "true"),
    key("timeout", Kind::Duration, "Duration::from_secs(10)"),
    key("order", Kind::Order, "Order::round_robin()"),
    key("seeds", Kind::Seeds, "0..64"),
    key("exhaustive", Kind::Count, "1680"),
    key("faults", Kind::Faults, "Faults::new()"),
    key("descriptors", Kind::Descriptors, "Descriptors::late(3)"),
    key("groups", Kind::Text, "\"239.102.1.0+15:7148\""),
    key("config", Kind::Builder, "Harness::builder()"),
    key("name", Kind::Text, "\"name\""),
    key("snapshot", Kind::Switch, "false"),
    key("settings", Kind::Settings, "insta::Settings::clone_current()"),
    key("crate", Kind::Path, "::spead_inproc"),
];

impl Kind {
    /// The type of the value, for a typed `let`: rustc then reports a mismatch at the value, without detours.
    pub(crate) fn tokens(self, private: &TokenStream) -> Option<TokenStream> {
        let span = Span::mixed_site();
        Some(match self {
            Self::Count => quote_spanned!(span => #private::core::primitive::usize),
            Self::Flag => quote_spanned!(span => #private::core::primitive::bool),
            Self::Flavour => quote_spanned!(span => #private::Flavour),
            Self::Duration => quote_spanned!(span => #private::core::time::Duration),
            Self::Settings => quote_spanned!(span => #private::insta::Settings),
            Self::Builder => quote_spanned!(span => #private::HarnessBuilder),
            Self::Order => quote_spanned!(span => #private::Order),
            Self::Faults => quote_spanned!(span => #private::Faults),
            Self::Descriptors => quote_spanned!(span => #private::Descriptors),
            Self::Text | Self::Switch | Self::Seeds | Self::Path => return None,
        })
    }

    /// What is wrong with a literal: anything else is for rustc to judge.
    fn complaint(self, key: &Key, value: &Expr) -> Option<String> {
        let (literal, negative) = literal(value)?;
        let Key { name, example, .. } = key;
        match (self, literal) {
            (Self::Count, Lit::Int(number)) if !negative => {
                if !matches!(number.suffix(), "" | "usize") {
                    return Some(format!("`{name}` is a `usize`: write `{}`", number.base10_digits()));
                }
                (number.base10_digits() == "0").then(|| format!("`{name}` needs a whole number of at least 1"))
            }
            (Self::Count, _) => {
                Some(format!("`{name}` needs a whole number of at least 1, such as `{name} = {example}`"))
            }
            (Self::Flag | Self::Switch, Lit::Bool(_)) if !negative => None,
            (Self::Flag | Self::Switch, _) => Some(format!("`{name}` needs `true` or `false`")),
            (Self::Text, Lit::Str(text)) => text.value().trim().is_empty().then(|| match *name {
                "name" => format!("`{name}` names a snapshot file: it cannot be empty"),
                _ => format!("`{name}` cannot be empty: write something like `{name} = {example}`"),
            }),
            (Self::Text, _) => Some(format!("`{name}` needs text, such as `{name} = {example}`")),
            (Self::Flavour, _) => Some(format!("`{name}` needs a `Flavour`, such as `{name} = {example}`")),
            (Self::Duration, _) => {
                Some(format!("`{name}` needs a `std::time::Duration`, such as `{name} = {example}`"))
            }
            (Self::Settings, _) => Some(format!("`{name}` needs an `insta::Settings`, such as `{name} = {example}`")),
            (Self::Builder, _) => Some(format!("`{name}` needs a `HarnessBuilder`, such as `{name} = {example}`")),
            (Self::Order, _) => Some(format!("`{name}` needs an `Order`, such as `{name} = {example}`")),
            (Self::Faults, _) => Some(format!("`{name}` needs a plan of `Faults`, such as `{name} = {example}`")),
            (Self::Descriptors, _) => {
                Some(format!("`{name}` says what becomes of descriptors, such as `{name} = {example}`"))
            }
            (Self::Seeds, _) => Some(format!("`{name}` needs several numbers, such as `{name} = {example}`")),
            (Self::Path, Lit::Str(text)) => Some(format!("write the path without quotes: `{name} = {}`", text.value())),
            (Self::Path, _) => Some(format!("`{name}` needs a path, such as `{name} = {example}`")),
        }
    }
}

/// The literal that `value` is, and whether it has a minus sign.
fn literal(value: &Expr) -> Option<(&Lit, bool)> {
    match value {
        Expr::Lit(ExprLit { lit, .. }) => Some((lit, false)),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => literal(expr).map(|(lit, negative)| (lit, !negative)),
        Expr::Group(group) => literal(&group.expr),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

/// One key with its value.
pub(crate) struct Setting {
    pub(crate) key: &'static Key,
    /// The key as the user wrote it.
    pub(crate) ident: Ident,
    pub(crate) value: Expr,
}

impl Setting {
    /// The value, if it is a plain number.
    pub(crate) fn number(&self) -> Option<&syn::LitInt> {
        match literal(&self.value) {
            Some((Lit::Int(number), false)) => Some(number),
            _ => None,
        }
    }

    /// The value, if it is `true` or `false`.
    pub(crate) fn switch(&self) -> Option<bool> {
        match literal(&self.value) {
            Some((Lit::Bool(switch), _)) => Some(switch.value),
            _ => None,
        }
    }
}

/// The arguments that made sense.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) settings: Vec<Setting>,
    /// The value of `crate`.
    pub(crate) krate: Option<Path>,
    /// All keys that were given, also with values that make no sense.
    given: Vec<&'static str>,
}

impl Args {
    /// Reads what it can and reports the rest.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                match setting(input) {
                    Ok(setting) => args.push(setting, errors),
                    Err(error) => {
                        errors.push(error);
                        skip_to_comma(input);
                    }
                }
                if input.is_empty() {
                    break;
                }
                if let Err(error) = input.parse::<Token![,]>() {
                    errors.at_span(error.span(), "expected `,` before the next `key = value`");
                    skip_to_comma(input);
                    input.parse::<Option<Token![,]>>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.push(error);
        }
        args
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key.name == name)
    }

    /// The key that makes of the test many runs.
    pub(crate) fn sweep(&self) -> Option<&Setting> {
        self.find("seeds").or_else(|| self.find("exhaustive"))
    }

    fn push(&mut self, setting: Setting, errors: &mut Errors) {
        let Setting { key, ident, value } = &setting;
        let again = self.given.contains(&key.name);
        self.given.push(key.name);
        if again {
            errors.at(ident, format_args!("`{}` is given twice", key.name));
        }
        if let Some(complaint) = key.kind.complaint(key, value) {
            errors.at(value, complaint);
            return;
        }
        if again {
            return;
        }
        match (key.kind, value) {
            (Kind::Path, Expr::Path(path)) if path.qself.is_none() => self.krate = Some(path.path.clone()),
            (Kind::Path, _) => errors.at(value, format_args!("`{}` needs a path, such as `{}`", key.name, key.example)),
            (Kind::Switch, _) if setting.switch().is_none() => {
                errors.at(
                    value,
                    format_args!("`{}` needs `true` or `false` itself: it decides what is compiled", key.name),
                );
            }
            _ => self.settings.push(setting),
        }
    }
}

/// `key = value`.
fn setting(input: ParseStream<'_>) -> syn::Result<Setting> {
    let form = "expected `key = value`, such as `senders = 2`";
    let ident = Ident::parse_any(input).map_err(|error| syn::Error::new(error.span(), form))?;
    let name = ident.unraw().to_string();
    let Some(key) = KEYS.iter().find(|key| key.name == name) else {
        return Err(syn::Error::new(ident.span(), unknown(&name)));
    };
    let wanted = format!("`{name}` needs a value: `{name} = {}`", key.example);
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(ident.span(), wanted));
    }
    if !input.peek(Token![=]) || input.peek(Token![==]) {
        return Err(syn::Error::new(input.span(), format!("expected `=`: write `{name} = {}`", key.example)));
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(syn::Error::new(ident.span(), wanted));
    }
    let value = if key.kind == Kind::Path && input.peek(Token![crate]) && !input.peek2(Token![::]) {
        let path = Ident::parse_any(input)?;
        Expr::Path(syn::ExprPath { attrs: Vec::new(), qself: None, path: path.into() })
    } else {
        input.parse()?
    };
    Ok(Setting { key, ident, value })
}

fn unknown(name: &str) -> String {
    let known = KEYS.map(|key| key.name).join(", ");
    let nearest = KEYS
        .iter()
        .map(|key| (strsim::damerau_levenshtein(name, key.name), key.name))
        .filter(|(distance, key)| *distance * 3 <= name.len().max(key.len()))
        .min();
    match nearest {
        Some((_, nearest)) => format!("unknown key `{name}`; did you mean `{nearest}`? (known keys: {known})"),
        None => format!("unknown key `{name}` (known keys: {known})"),
    }
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // A token that cannot be read ends the input; the error that led here is already reported.
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    /// The keys that were read, and the number of errors.
    fn parsed(tokens: TokenStream) -> (Vec<&'static str>, usize) {
        let mut errors = Errors::default();
        let args = Args::parse(tokens, &mut errors);
        let errors =
            errors.into_compile_errors().into_iter().filter(|token| token.to_string() == "compile_error").count();
        (args.settings.iter().map(|setting| setting.key.name).collect(), errors)
    }

    #[test]
    fn keys_in_any_order_and_a_comma_at_the_end() {
        assert_eq!(parsed(quote!(max_heaps = 4, senders = 2,)), (vec!["max_heaps", "senders"], 0));
        assert_eq!(parsed(quote!()), (vec![], 0));
    }

    #[test]
    fn a_comma_inside_an_expression_ends_nothing() {
        assert_eq!(parsed(quote!(senders = count::<A, B>(), max_heaps = f(1, 2))), (vec!["senders", "max_heaps"], 0));
    }

    #[test]
    fn an_error_does_not_hide_the_next() {
        assert_eq!(parsed(quote!(sender = 2, senders = 0, max_heaps = 4, max_heaps = 5, 7)), (vec!["max_heaps"], 4));
        assert_eq!(parsed(quote!(senders = 2 3, max_heaps)), (vec!["senders"], 2));
        assert_eq!(parsed(quote!(senders = "2", senders = 2)), (vec![], 2));
        assert_eq!(parsed(quote!(senders = 2, senders = 0)), (vec!["senders"], 2));
    }

    #[test]
    fn suggestions_are_near() {
        assert!(unknown("max_heap").contains("did you mean `max_heaps`?"));
        assert!(unknown("flavor").contains("did you mean `flavour`?"));
        assert!(unknown("recievers").contains("did you mean `receivers`?"));
        assert!(unknown("seed").contains("did you mean `seeds`?"));
        assert!(unknown("exhausted").contains("did you mean `exhaustive`?"));
        assert!(!unknown("colour").contains("did you mean"));
    }
}
