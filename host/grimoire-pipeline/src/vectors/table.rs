//! Vectors in memory, and their exact search.

use std::collections::HashMap;
use std::sync::Arc;

use grimoire_domain::spell::SpellId;

use crate::products::{Row, Table as ProductTable};

/// Number of vectors of a block: a change copies one block while readers have the one before.
const ROWS: usize = 256;
/// Number of sums that are made side by side: one register of a processor with wide vectors, a few of any other.
const LANES: usize = 16;

/// Vectors of one dimension, by spell. Cheap to clone; clones share what did not change.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    dimension: usize,
    blocks: Vec<Arc<Block>>,
    /// The number of each spell's row.
    places: HashMap<SpellId, usize>,
}

#[derive(Debug, Clone, Default)]
struct Block {
    rows: Vec<Row>,
    /// The components of all rows.
    components: Vec<f32>,
}

impl Table {
    pub(super) fn new(dimension: usize) -> Self {
        Self { dimension, ..Self::default() }
    }

    /// Number of vectors.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// All vectors.
    fn vectors(&self) -> impl Iterator<Item = (Row, &[f32])> {
        self.blocks.iter().flat_map(|block| {
            block.rows.iter().copied().zip(block.components.chunks_exact(self.dimension.max(1)))
        })
    }

    /// The similarity of every wanted row to a vector.
    pub(super) fn similarities(
        &self,
        vector: &[f32],
        is_wanted: impl Fn(SpellId, u64) -> bool,
    ) -> Vec<(SpellId, f32)> {
        self.vectors()
            .filter(|(row, _)| is_wanted(row.spell, row.revision))
            .map(|(row, components)| (row.spell, dot(components, vector)))
            .collect()
    }
}

impl ProductTable for Table {
    type Product = Vec<f32>;

    fn get(&self, spell: SpellId) -> Option<(Row, Vec<f32>)> {
        let place = *self.places.get(&spell)?;
        let block = &self.blocks[place / ROWS];
        let start = place % ROWS * self.dimension;
        Some((block.rows[place % ROWS], block.components[start..start + self.dimension].to_vec()))
    }

    fn has(&self, spell: SpellId) -> bool {
        self.places.contains_key(&spell)
    }

    fn rows(&self) -> impl Iterator<Item = (Row, Vec<f32>)> {
        self.vectors().map(|(row, vector)| (row, vector.to_vec()))
    }

    fn put(&mut self, row: Row, vector: Vec<f32>) {
        debug_assert_eq!(vector.len(), self.dimension);
        let end = self.places.len();
        let place = *self.places.entry(row.spell).or_insert(end);
        if place / ROWS == self.blocks.len() {
            self.blocks.push(Arc::default());
        }
        let block = Arc::make_mut(&mut self.blocks[place / ROWS]);
        if place == end {
            block.rows.push(row);
            block.components.extend_from_slice(&vector);
        } else {
            let start = place % ROWS * self.dimension;
            block.rows[place % ROWS] = row;
            block.components[start..start + self.dimension].copy_from_slice(&vector);
        }
    }

    /// The last vector takes the place of the removed one.
    fn remove(&mut self, spell: SpellId) {
        let Some(place) = self.places.remove(&spell) else { return };
        let Some(last) = self.blocks.last_mut().map(Arc::make_mut) else { return };
        let Some(moved) = last.rows.pop() else { return };
        let vector = last.components.split_off(last.components.len() - self.dimension);
        if last.rows.is_empty() {
            self.blocks.pop();
        }
        if moved.spell != spell {
            let block = Arc::make_mut(&mut self.blocks[place / ROWS]);
            let start = place % ROWS * self.dimension;
            block.rows[place % ROWS] = moved;
            block.components[start..start + self.dimension].copy_from_slice(&vector);
            self.places.insert(moved.spell, place);
        }
    }
}

/// The dot product. The sums have a fixed order, so the result is the same on every machine.
fn dot(left: &[f32], right: &[f32]) -> f32 {
    let (left, left_rest) = left.as_chunks::<LANES>();
    let (right, right_rest) = right.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (left, right) in left.iter().zip(right) {
        for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
            *sum += left * right;
        }
    }
    let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    sums.iter().sum::<f32>() + rest
}

/// The most similar spells of at least `lowest`, best first, ties by smaller id; at most `count`.
pub(super) fn best(similarities: &[(SpellId, f32)], lowest: f32, count: usize) -> Vec<SpellId> {
    let mut best: Vec<(SpellId, f32)> =
        similarities.iter().copied().filter(|(_, similarity)| *similarity >= lowest).collect();
    let order =
        |one: &(SpellId, f32), other: &(SpellId, f32)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
    if best.len() > count && count > 0 {
        best.select_nth_unstable_by(count - 1, order);
    }
    best.truncate(count);
    best.sort_unstable_by(order);
    best.into_iter().map(|(spell, _)| spell).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::products::InputDigest;

    fn row(spell: u64, revision: u64) -> Row {
        Row { spell: SpellId(spell), revision, input: InputDigest::of(&revision.to_le_bytes()) }
    }

    proptest! {
        #[test]
        fn a_table_holds_what_was_put_and_not_removed(
            changes in proptest::collection::vec((0_u64..600, proptest::option::of(0_u64..100)), 0..2_000),
        ) {
            let mut table = Table::new(2);
            let mut model = BTreeMap::new();
            for (spell, revision) in &changes {
                if let Some(revision) = revision {
                    table.put(row(*spell, *revision), vec![*spell as f32, *revision as f32]);
                    model.insert(*spell, *revision);
                } else {
                    table.remove(SpellId(*spell));
                    model.remove(spell);
                }
            }
            prop_assert_eq!(table.len(), model.len());
            let rows: BTreeMap<u64, u64> = table.rows().map(|(row, _)| (row.spell.0, row.revision)).collect();
            prop_assert_eq!(&rows, &model);
            for (spell, revision) in model {
                let (found, vector) = table.get(SpellId(spell)).expect("it was put");
                prop_assert_eq!(found, row(spell, revision));
                prop_assert_eq!(vector, [spell as f32, revision as f32]);
            }
        }

        #[test]
        fn a_dot_product_is_the_sum_of_products(
            (left, right) in (1_usize..70).prop_flat_map(|length| {
                let vector = || proptest::collection::vec(-1.0_f32..1.0, length);
                (vector(), vector())
            }),
        ) {
            let wanted: f64 = left.iter().zip(&right).map(|(l, r)| f64::from(*l) * f64::from(*r)).sum();
            prop_assert!((f64::from(dot(&left, &right)) - wanted).abs() < 1e-4);
        }
    }

    #[test]
    fn a_reader_keeps_what_it_has_while_the_table_changes() {
        let mut table = Table::new(1);
        (0..300).for_each(|spell| table.put(row(spell, 1), vec![1.0]));
        let read = table.clone();
        table.put(row(7, 2), vec![2.0]);
        table.remove(SpellId(299));
        assert_eq!(read.get(SpellId(7)), Some((row(7, 1), vec![1.0])));
        assert_eq!((read.len(), table.len()), (300, 299));
    }

    #[test]
    fn the_best_are_in_order_and_unrelated_ones_are_left_out() {
        let similarities = [(4, 0.5), (2, 0.9), (3, 0.5), (1, 0.05), (5, f32::NAN)];
        let similarities: Vec<_> = similarities.map(|(spell, value)| (SpellId(spell), value)).to_vec();
        let ids = |count| best(&similarities, 0.1, count).into_iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(ids(9), [2, 3, 4]);
        assert_eq!(ids(2), [2, 3]);
        assert_eq!(ids(0), [0; 0]);
    }
}
