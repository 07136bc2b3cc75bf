//! Optimal transport of numbers.

/// Numbers this close are equal: they are one number that was computed in two ways. Far below the deviation of what is compared,
/// which is about 1.
const EQUAL: f32 = 1e-5;

/// Where each of `values` belongs if the distribution of `own`, to which it belongs, is to become that of `target`: the quantile
/// of `target` at its rank. Both lists are put in order.
///
/// In one dimension this is the optimal transport (Villani, "Topics in Optimal Transportation", 2003).
pub(super) fn transported(values: &[f32], own: &mut [f32], target: &mut [f32]) -> Vec<f32> {
    own.sort_unstable_by(f32::total_cmp);
    target.sort_unstable_by(f32::total_cmp);
    let goal = |&value: &f32| {
        let below = own.partition_point(|&other| other < value - EQUAL);
        let not_above = own.partition_point(|&other| other <= value + EQUAL);
        // Equal numbers share the middle of their ranks.
        let rank = (below + not_above) as f64 / (2 * own.len()) as f64;
        quantile(target, rank)
    };
    values.iter().map(goal).collect()
}

/// The number at this `rank` from 0 to 1 of a list in order, between neighbours on the line through them.
fn quantile(sorted: &[f32], rank: f64) -> f32 {
    let last = sorted.len() - 1;
    let place = (rank * sorted.len() as f64 - 0.5).clamp(0.0, last as f64);
    let below = place as usize;
    let share = (place - below as f64) as f32;
    sorted[below] + share * (sorted[(below + 1).min(last)] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_to_the_quantiles_of_their_ranks() {
        let mut own = [3.0, 1.0, 2.0, 4.0];
        let mut target = [40.0, 10.0, 30.0, 20.0];
        // Ranks 1/8 and 5/8, the number between the second and the third, one below and one above all.
        let goals = transported(&[1.0, 3.0, 2.5, 0.0, 9.0], &mut own, &mut target);
        let wanted = [10.0, 30.0, 25.0, 10.0, 40.0];
        for (goal, wanted) in goals.iter().zip(wanted) {
            assert!((goal - wanted).abs() < 1e-5, "{goals:?}");
        }
    }

    #[test]
    fn a_distribution_stays_where_it_is() {
        let values: Vec<f32> = (0..9).map(|value| (value * 7 % 9) as f32).collect();
        let goals = transported(&values, &mut values.clone(), &mut values.clone());
        assert_eq!(goals, values);
    }

    #[test]
    fn lists_of_unequal_length_are_compared() {
        let goals = transported(&[5.0, 6.0], &mut [5.0, 6.0], &mut [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(goals, [0.5, 2.5]);
    }
}
