//! Numbered places whose numbers stand in epoll's events.

/// A place that is given up is not taken again before [`Slots::recycle`]: events that were read before may still name it.
#[derive(Debug)]
pub(super) struct Slots<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
    given_up: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new(), given_up: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// The number that the next one gets.
    pub(super) fn next(&self) -> u32 {
        self.free.last().copied().unwrap_or_else(|| u32::try_from(self.places.len()).unwrap_or(u32::MAX))
    }

    /// Takes the place that [`Slots::next`] names.
    pub(super) fn insert(&mut self, value: T) -> u32 {
        let at = self.next();
        match self.free.pop() {
            Some(_) => self.places[at as usize] = Some(value),
            None => self.places.push(Some(value)),
        }
        at
    }

    pub(super) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.places.get_mut(at as usize)?.as_mut()
    }

    pub(super) fn get(&self, at: u32) -> Option<&T> {
        self.places.get(at as usize)?.as_ref()
    }

    /// Those in some places in a row, the first after the last.
    pub(super) fn window(&self, from: usize, count: usize) -> impl Iterator<Item = (u32, &T)> {
        let places = self.places.len();
        let numbers = (0..count.min(places)).map(move |step| (from % places + step) % places);
        numbers.filter_map(|at| Some((u32::try_from(at).ok()?, self.places[at].as_ref()?)))
    }

    pub(super) fn remove(&mut self, at: u32) -> Option<T> {
        let value = self.places.get_mut(at as usize)?.take()?;
        self.given_up.push(at);
        Some(value)
    }

    /// After a batch of events.
    pub(super) fn recycle(&mut self) {
        self.free.append(&mut self.given_up);
        // After a crowd the memory goes back.
        if self.places.len() > 1024 && self.free.len() == self.places.len() {
            *self = Self::default();
        }
    }

    /// The numbers of those that are as `is` says.
    pub(super) fn those(&self, is: impl Fn(&T) -> bool) -> Vec<u32> {
        let numbered = self.places.iter().zip(0u32..);
        numbered.filter(|(place, _)| place.as_ref().is_some_and(&is)).map(|(_, at)| at).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.places.iter_mut().flatten()
    }

    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len() - self.given_up.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_not_taken_again_in_the_same_batch() {
        let mut slots = Slots::default();
        let (a, b) = (slots.insert('a'), slots.insert('b'));
        assert_eq!(slots.remove(a), Some('a'));
        assert_ne!(slots.insert('c'), a);
        assert_eq!((slots.get_mut(a).copied(), slots.len()), (None, 2));
        slots.recycle();
        assert_eq!(slots.next(), a);
        assert_eq!(slots.insert('d'), a);
        assert_eq!(slots.those(|letter| *letter != 'b'), [a, 2]);
        assert_eq!(slots.get_mut(b).copied(), Some('b'));
        slots.remove(a);
        let window = |from| slots.window(from, 2).map(|(at, letter)| (at, *letter)).collect::<Vec<_>>();
        assert_eq!([window(1), window(2), window(usize::MAX)], [vec![(1, 'b'), (2, 'c')], vec![(2, 'c')], vec![(1, 'b')]]);
    }
}
