use num_complex::Complex;

use crate::{
    descriptor::Value,
    harness::{Tolerance, render::value::index},
    recv::Count,
};

/// Where and by how much two values of one shape differ; nothing if they do not.
pub(super) fn difference(reference: &Value, value: &Value, tolerance: Option<Tolerance>) -> Option<String> {
    let (mut count, mut first, mut most) = (0_u64, None, (0.0, 0));
    for at in 0..value.len().min(reference.len()) {
        let integers = reference.integer_at(at).zip(value.integer_at(at));
        let numbers = reference.number_at(at).zip(value.number_at(at));
        let near = match (integers, numbers, tolerance) {
            (Some((old, new)), _, Some(tolerance)) => tolerance.accepts_integers(old, new),
            (Some((old, new)), _, None) => old == new,
            (None, Some((old, new)), Some(tolerance)) => {
                tolerance.accepts(old.re, new.re) && tolerance.accepts(old.im, new.im)
            }
            (None, Some((old, new)), None) => bits(old) == bits(new),
            (None, None, _) => reference.text_at(at) == value.text_at(at),
        };
        if near {
            continue;
        }
        count += 1;
        first.get_or_insert(at);
        let distance = match (integers, numbers) {
            (Some((old, new)), _) => old.abs_diff(new) as f64,
            (None, numbers) => numbers.map_or(0.0, |(old, new)| (old - new).norm()),
        };
        if distance > most.0 {
            most = (distance, at);
        }
    }
    let first = first?;
    let beyond = tolerance.map(|tolerance| format!(" by more than {tolerance}")).unwrap_or_default();
    let instead = format!("{} instead of {}", value.text_at(first), reference.text_at(first));
    if value.shape().is_empty() {
        return Some(format!("differs{beyond}: {instead}"));
    }
    let mut text = format!(
        "{} of {} differ{beyond}; the first at {:?}: {instead}",
        Count(count, "value"),
        value.len(),
        index(first, value.shape()),
    );
    if count > 1 && most.0 > 0.0 {
        text += &format!("; by at most {} at {:?}", most.0, index(most.1, value.shape()));
    }
    Some(text)
}

/// What a digest tells apart: also zeros of two signs.
fn bits(number: Complex<f64>) -> (u64, u64) {
    (number.re.to_bits(), number.im.to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As nanoseconds since 1970, between which an `f64` makes no difference.
    #[test]
    fn integers_are_compared_exactly() {
        let times =
            |late: u64| Value::from((0..20).map(|at| 1_700_000_000_000_000_000 + at + late).collect::<Vec<_>>());
        let said = |late| difference(&times(0), &times(late), Some(Tolerance::Lsb(1)));
        assert_eq!((said(0), said(1)), (None, None));
        assert!(said(2).unwrap().starts_with("20 values of 20 differ by more than 1 LSB; the first at [0]:"));
        assert!(difference(&times(0), &times(1), None).unwrap().ends_with("; by at most 1 at [0]"));
    }

    #[test]
    fn zeros_of_two_signs_differ() {
        let zeros = |zero: f64| Value::from(vec![zero; 20]);
        assert!(difference(&zeros(0.0), &zeros(-0.0), None).unwrap().ends_with("-0.0 instead of 0.0"));
        assert_eq!(difference(&zeros(0.0), &zeros(-0.0), Some(Tolerance::Absolute(0.0))), None);
    }

    #[test]
    fn a_single_value_has_no_index() {
        let said = difference(&Value::from(1.5), &Value::from(2.5), Some(Tolerance::Absolute(0.5)));
        assert_eq!(said.unwrap(), "differs by more than 0.5: 2.5 instead of 1.5");
    }
}
