//! Python literals, as far as numpy headers have them: texts, whole numbers, truth values, tuples, lists, dictionaries.
//!
//! Written here because the crates that read Python's grammar take longer to build than all the rest of this one together.

use std::fmt;

use super::python::Quoted;

/// A literal of bounded depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Text(String),
    Integer(i128),
    Boolean(bool),
    Tuple(Vec<Self>),
    List(Vec<Self>),
    Dictionary(Vec<(Self, Self)>),
}

/// Why some text is no literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoLiteral {
    Syntax,
    TooDeep,
}

/// The deepest nesting that is read: a structured type in a structured type in another.
const MAX_DEPTH: usize = 8;

impl Literal {
    /// The literal that is the whole of an ASCII text, but for white space around it.
    pub(super) fn parse(text: &str) -> Result<Self, NoLiteral> {
        let mut parser = Parser { rest: text.as_bytes() };
        let literal = parser.literal(0)?;
        parser.skip_space();
        if parser.rest.is_empty() { Ok(literal) } else { Err(NoLiteral::Syntax) }
    }

    pub(super) const fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// A whole number that is no less than 0 and fits.
    pub(super) fn as_size(&self) -> Option<usize> {
        match self {
            Self::Integer(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    pub(super) const fn as_boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_tuple(&self) -> Option<&[Self]> {
        match self {
            Self::Tuple(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn as_dictionary(&self) -> Option<&[(Self, Self)]> {
        match self {
            Self::Dictionary(entries) => Some(entries),
            _ => None,
        }
    }
}

/// As Python writes it.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = |members: &[Self]| members.iter().map(Self::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Text(text) => write!(f, "{}", Quoted(text)),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(value) => f.write_str(if *value { "True" } else { "False" }),
            Self::Tuple(tuple) if tuple.len() == 1 => write!(f, "({},)", members(tuple)),
            Self::Tuple(tuple) => write!(f, "({})", members(tuple)),
            Self::List(list) => write!(f, "[{}]", members(list)),
            Self::Dictionary(entries) => {
                let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                write!(f, "{{{}}}", entries.join(", "))
            }
        }
    }
}

struct Parser<'t> {
    rest: &'t [u8],
}

impl Parser<'_> {
    fn literal(&mut self, depth: usize) -> Result<Literal, NoLiteral> {
        if depth > MAX_DEPTH {
            return Err(NoLiteral::TooDeep);
        }
        self.skip_space();
        match self.rest.first() {
            Some(quote @ (b'\'' | b'"')) => self.text(*quote),
            Some(b'(') => self.tuple(depth),
            Some(b'[') => Ok(Literal::List(self.members(b']', |parser| parser.literal(depth + 1))?.0)),
            Some(b'{') => Ok(Literal::Dictionary(self.members(b'}', |parser| parser.entry(depth + 1))?.0)),
            _ => self.word(),
        }
    }

    /// A tuple, or one literal in brackets that mean nothing.
    fn tuple(&mut self, depth: usize) -> Result<Literal, NoLiteral> {
        let (mut members, comma) = self.members(b')', |parser| parser.literal(depth + 1))?;
        match members.pop() {
            Some(only) if members.is_empty() && !comma => Ok(only),
            last => Ok(Literal::Tuple(members.into_iter().chain(last).collect())),
        }
    }

    fn entry(&mut self, depth: usize) -> Result<(Literal, Literal), NoLiteral> {
        let key = self.literal(depth)?;
        self.skip_space();
        if !self.take(b':') {
            return Err(NoLiteral::Syntax);
        }
        Ok((key, self.literal(depth)?))
    }

    /// What stands between brackets, and whether a comma follows the last of it.
    fn members<T>(
        &mut self,
        close: u8,
        mut member: impl FnMut(&mut Self) -> Result<T, NoLiteral>,
    ) -> Result<(Vec<T>, bool), NoLiteral> {
        self.rest = &self.rest[1..];
        let (mut members, mut comma) = (Vec::new(), true);
        loop {
            self.skip_space();
            if self.take(close) {
                return Ok((members, comma));
            }
            if !comma {
                return Err(NoLiteral::Syntax);
            }
            members.push(member(self)?);
            self.skip_space();
            comma = self.take(b',');
        }
    }

    fn text(&mut self, quote: u8) -> Result<Literal, NoLiteral> {
        self.rest = &self.rest[1..];
        let mut text = String::new();
        loop {
            let byte = self.next()?;
            let byte = match byte {
                _ if byte == quote => return Ok(Literal::Text(text)),
                b'\n' => return Err(NoLiteral::Syntax),
                b'\\' => match self.escape()? {
                    Some(byte) => byte,
                    None => continue,
                },
                byte => byte,
            };
            text.push(char::from(byte));
        }
    }

    /// What stands behind a backslash; nothing for a line that goes on.
    fn escape(&mut self) -> Result<Option<u8>, NoLiteral> {
        Ok(Some(match self.next()? {
            b'\n' => return Ok(None),
            byte @ (b'\\' | b'\'' | b'"') => byte,
            b'a' => 0x07,
            b'b' => 0x08,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'r' => b'\r',
            b'x' => {
                let digits = [self.next()?, self.next()?];
                let digits = std::str::from_utf8(&digits).map_err(|_| NoLiteral::Syntax)?;
                u8::from_str_radix(digits, 16).map_err(|_| NoLiteral::Syntax)?
            }
            _ => return Err(NoLiteral::Syntax),
        }))
    }

    /// A number or a truth value.
    fn word(&mut self) -> Result<Literal, NoLiteral> {
        let length = self.rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(byte)).count();
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        match std::str::from_utf8(word).unwrap_or_default() {
            "True" => Ok(Literal::Boolean(true)),
            "False" => Ok(Literal::Boolean(false)),
            word => word.parse().map(Literal::Integer).map_err(|_| NoLiteral::Syntax),
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn take(&mut self, byte: u8) -> bool {
        let here = self.rest.first() == Some(&byte);
        if here {
            self.rest = &self.rest[1..];
        }
        here
    }

    fn next(&mut self) -> Result<u8, NoLiteral> {
        let (byte, rest) = self.rest.split_first().ok_or(NoLiteral::Syntax)?;
        self.rest = rest;
        Ok(*byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, shown: &str) {
        assert_eq!(Literal::parse(text).map(|literal| literal.to_string()), Ok(shown.to_owned()));
    }

    #[test]
    fn what_numpy_writes_is_read() {
        check(
            "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3), }\n",
            "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3)}",
        );
        check("[('a', '<u2'), (\"b\", '>f4', (2,))]", "[('a', '<u2'), ('b', '>f4', (2,))]");
        check(" ( ) ", "()");
        check("(3)", "3");
        check("(3,)", "(3,)");
        check(r"'it\'s \x41\n'", "\"it's A\\n\"");
    }

    #[test]
    fn what_is_no_literal_is_refused() {
        for text in [
            "", "{", "(1", "[1 2]", "{'a' 1}", "'open", "'''a'''", "spam", "1.5", "None", "{1, 2}", "1 1", "(,)",
            "'\\x4'",
        ] {
            assert_eq!(Literal::parse(text), Err(NoLiteral::Syntax), "{text}");
        }
        assert_eq!(Literal::parse(&"[".repeat(9000)), Err(NoLiteral::TooDeep));
        check(&format!("{}1{}", "[".repeat(8), "]".repeat(8)), "[[[[[[[[1]]]]]]]]");
    }
}
