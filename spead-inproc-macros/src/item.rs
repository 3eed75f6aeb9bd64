//! The annotated function, as far as it must be understood.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Type, Visibility};

/// A function whose body stays an unread brace group: a line that is being typed breaks nothing, and rustc reports it where
/// it stands.
#[derive(Clone)]
pub(crate) struct TestFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: Group,
}

impl Parse for TestFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let sig = input.parse()?;
        let no_body = |span| syn::Error::new(span, "`#[spead_test]` needs a function with a body");
        let token: TokenTree = input.parse().map_err(|_| no_body(Span::call_site()))?;
        let span = token.span();
        let body = braces(token).ok_or_else(|| no_body(span))?;
        Ok(Self { attrs, vis, sig, body })
    }
}

/// The braces, also as `macro_rules!` passes on a `$body:block`: inside a group without delimiters.
fn braces(token: TokenTree) -> Option<Group> {
    let TokenTree::Group(group) = token else { return None };
    match group.delimiter() {
        Delimiter::Brace => Some(group),
        Delimiter::None => {
            let mut inner = group.stream().into_iter();
            inner.next().filter(|_| inner.next().is_none()).and_then(braces)
        }
        _ => None,
    }
}

impl TestFn {
    /// The name as libtest prints it: with the `r#` of a keyword.
    pub(crate) fn name(&self) -> String {
        self.sig.ident.to_string()
    }

    /// The function that the body ends with a call of: rstest's cases call the test like this.
    pub(crate) fn calls(&self) -> Option<String> {
        let tokens: Vec<TokenTree> = self.body.stream().into_iter().collect();
        match tokens.as_slice() {
            [call @ .., TokenTree::Punct(dot), TokenTree::Ident(wait)] if dot.as_char() == '.' && wait == "await" => {
                called(call)
            }
            call => called(call),
        }
    }

    /// Whether this looks like a function that rstest has generated, around handles it took for fixtures.
    pub(crate) fn is_generated(&self) -> bool {
        self.sig.inputs.is_empty() && self.attrs.last().is_some_and(|attr| last_segment(attr.path()) == "test")
    }

    /// Takes `#![attributes]` out of the body, as attributes that can stand before the function.
    pub(crate) fn take_inner_attrs(&mut self) -> TokenStream {
        let mut tokens = self.body.stream().into_iter().peekable();
        let mut attrs = TokenStream::new();
        while let Some(TokenTree::Punct(hash)) = tokens.next_if(|token| is_punct(token, '#')) {
            if tokens.next_if(|token| is_punct(token, '!')).is_none() {
                // An attribute of the first statement: it stays, and nothing behind it is ours.
                return self.put_back(attrs, std::iter::once(hash.into()).chain(tokens));
            }
            attrs.extend([TokenTree::Punct(hash)]);
            attrs.extend(tokens.next());
        }
        self.put_back(attrs, tokens)
    }

    fn put_back(&mut self, taken: TokenStream, rest: impl Iterator<Item = TokenTree>) -> TokenStream {
        let mut body = Group::new(Delimiter::Brace, rest.collect());
        body.set_span(self.body.span());
        self.body = body;
        taken
    }

    /// The body with `first` put before its statements.
    pub(crate) fn body_after(&self, first: TokenStream) -> Group {
        let mut stream = first;
        stream.extend(self.body.stream());
        let mut body = Group::new(Delimiter::Brace, stream);
        body.set_span(self.body.span());
        body
    }
}

/// The function that is called last; where a closure is called, as by what keeps rstest's time, the one that it calls.
fn called(tokens: &[TokenTree]) -> Option<String> {
    let [before @ .., TokenTree::Ident(name), TokenTree::Group(arguments)] = tokens else { return None };
    let of_something = matches!(before.last(), Some(TokenTree::Punct(punct)) if ".:".contains(punct.as_char()));
    if of_something || arguments.delimiter() != Delimiter::Parenthesis {
        return None;
    }
    let arguments: Vec<TokenTree> = arguments.stream().into_iter().collect();
    let closure = arguments.split(|token| is_punct(token, ',')).next();
    match closure.filter(|tokens| matches!(tokens.first(), Some(TokenTree::Ident(first)) if first == "move")) {
        Some(closure) => called(closure),
        // Not `Ok(())`.
        None => Some(name.to_string()).filter(|name| !name.starts_with(char::is_uppercase)),
    }
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// The last segment of an attribute's path: `test` of `tokio::test`.
pub(crate) fn last_segment(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// A type without the parentheses and groups around it.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => peel(&paren.elem),
        Type::Group(group) => peel(&group.elem),
        other => other,
    }
}

/// The first segment of an attribute's path: `case` of `case::small`.
pub(crate) fn first_segment(path: &syn::Path) -> String {
    path.segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_call_is_known() {
        let calls = |text: &str| syn::parse_str::<TestFn>(&format!("fn t() {{ {text} }}")).unwrap().calls();
        for text in [
            "let n = 1; sizes(n, tx)",
            "sizes(n, tx).await",
            "use rstest::timeout::*; execute_with_timeout_sync(move || sizes(n, tx), Duration::from_secs(1))",
            "execute_with_timeout_async(move || sizes(n, tx), limit).await",
        ] {
            assert_eq!(calls(text).as_deref(), Some("sizes"), "{text}");
        }
        for text in ["", "sizes(n);", "tx.sizes(n)", "of::sizes(n)", "Ok(())", "sizes!(n)", "sizes[0]"] {
            assert_eq!(calls(text), None, "{text}");
        }
    }
}
