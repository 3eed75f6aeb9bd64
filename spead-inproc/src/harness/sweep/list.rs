//! Lists that are made shorter as long as they still fail.

/// A part of the list that still fails, from which nothing more can be left out.
pub(super) async fn shrink<T: Clone>(mut list: Vec<T>, fails: impl AsyncFn(&[T]) -> bool) -> Vec<T> {
    // Large pieces first, from the end: mostly all that follows the last packet that matters can go.
    let mut size = list.len();
    while size > 0 {
        let mut at = list.len();
        while at > 0 {
            let from = at.saturating_sub(size);
            let mut shorter = list.clone();
            shorter.drain(from..at);
            if fails(&shorter).await {
                list = shorter;
            }
            at = from.min(list.len());
        }
        size = if size > list.len() && !list.is_empty() { list.len() } else { size / 2 };
    }
    // One that is left out may make another superfluous.
    let mut at = list.len();
    while at > 0 {
        at -= 1;
        let mut shorter = list.clone();
        shorter.remove(at);
        if fails(&shorter).await {
            list = shorter;
            at = list.len();
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::{super::now, *};

    #[test]
    fn what_matters_is_left() {
        let needs = |wanted: &'static [u32]| {
            let fails = async move |list: &[u32]| wanted.iter().all(|each| list.contains(each));
            now(shrink((0..100).collect(), fails))
        };
        assert_eq!(needs(&[]), []);
        assert_eq!(needs(&[99]), [99]);
        assert_eq!(needs(&[0, 50, 51, 99]), [0, 50, 51, 99]);
    }

    #[test]
    fn what_another_makes_superfluous_goes_too() {
        let fails = async |list: &[u32]| list.contains(&7) && (list.contains(&5) || !list.contains(&4));
        assert_eq!(now(shrink((0..50).collect(), fails)), [7]);
    }
}
