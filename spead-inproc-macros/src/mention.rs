//! Whether unread tokens use a variable.

use proc_macro2::{Ident, TokenStream, TokenTree};

/// Whether a variable of this name may occur among the tokens. Fields, methods and parts of paths are none.
pub(crate) fn mentions(tokens: &TokenStream, name: &Ident) -> bool {
    // Whether a single `.`, or a `::`, was before this token.
    let (mut dots, mut colons) = (0, 0);
    tokens.clone().into_iter().any(|token| {
        let after_path = dots == 1 || colons == 2;
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '.' => (dots, colons) = (dots + 1, 0),
            TokenTree::Punct(punct) if punct.as_char() == ':' => (dots, colons) = (0, colons + 1),
            _ => (dots, colons) = (0, 0),
        }
        match &token {
            TokenTree::Ident(ident) => ident == name && !after_path,
            TokenTree::Group(group) => mentions(&group.stream(), name),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        }
    })
}

/// Whether a text among the tokens captures the variable, as `"{name}"` and `"{name:?}"` do.
pub(crate) fn captures(tokens: &TokenStream, name: &Ident) -> bool {
    let [plain, formatted] = [format!("{{{name}}}"), format!("{{{name}:")];
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            text.contains(&plain) || text.contains(&formatted)
        }
        TokenTree::Group(group) => captures(&group.stream(), name),
        TokenTree::Ident(_) | TokenTree::Punct(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use quote::{format_ident, quote};

    use super::*;

    #[test]
    fn variables_are_told_from_what_has_the_same_name() {
        let len = format_ident!("len");
        for uses in
            [quote!(f(len)), quote!(0..len), quote!(0..=len), quote!(Window { len }), quote!(x: len), quote!(len.x)]
        {
            assert!(mentions(&uses, &len), "{uses}");
        }
        for other in [quote!(x.len()), quote!(x?.len), quote!(Vec::len), quote!(length), quote!("{len}")] {
            assert!(!mentions(&other, &len), "{other}");
        }
    }

    #[test]
    fn texts_capture() {
        let len = format_ident!("len");
        assert!(captures(&quote!(println!("{len}")), &len) && captures(&quote!(format!("{len:?}")), &len));
        assert!(!captures(&quote!(println!("len {}", len)), &len));
    }
}
