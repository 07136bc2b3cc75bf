//! The report of a comparison as a page that needs nothing else.

use std::fmt::Write;
use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, RgbImage, imageops};

use super::bootstrap::{Interval, mean_interval};
use super::error::EvaluateError;
use super::evaluation::Evaluation;
use super::metric::{Direction, Metric, Scope};
use super::pairs::find;
use super::scores::PictureScores;
use super::set_error::SetError;
use crate::files::write_atomically;
use crate::html::{self, escape, png_address};
use crate::picture::read_rgb;

/// Title of the page.
pub(super) const TITLE: &str = "Evaluation";
/// Pairs shown at either end.
const SHOWN: usize = 10;
/// Bars of a distribution.
const BARS: usize = 24;
/// Pictures on the page are not larger than this.
const LARGEST: u32 = 256;

/// Writes a page with a table of all metrics and their confidence intervals, the distribution of each metric of pairs, and the
/// worst and best pairs by the first of them, with maps of where they differ. `real` and `fake` are the folders compared.
///
/// # Errors
/// A picture cannot be read any more, or the page cannot be written.
pub fn write_page(
    evaluation: &Evaluation,
    real: &Path,
    fake: &Path,
    seed: u64,
    path: &Path,
) -> Result<(), EvaluateError> {
    let mut body = format!(
        "<p>Translations in <code>{}</code> against real pictures in <code>{}</code>.</p>\n",
        escape(&fake.display().to_string()),
        escape(&real.display().to_string())
    );
    for warning in evaluation.warnings() {
        let _ = writeln!(body, "<p><em>{}</em></p>", escape(&warning));
    }
    body.push_str(&table(evaluation, seed));
    for (metric, _) in evaluation.metrics.iter() {
        if metric.scope() == Scope::Pair {
            body.push_str(&distribution(metric, &evaluation.pictures));
        }
    }
    let first = evaluation.metrics.iter().next();
    if let Some((metric, _)) = first.filter(|(metric, _)| metric.scope() == Scope::Pair) {
        body.push_str(&extremes(metric, evaluation, real, fake)?);
    }
    let page = html::page(TITLE, &body);
    Ok(write_atomically(path, page.as_bytes())?)
}

/// The finite values of a metric of all pairs.
fn values(metric: Metric, pictures: &[PictureScores]) -> Vec<f64> {
    let values = pictures
        .iter()
        .filter_map(|picture| picture.scores.get(metric));
    values.filter(|value| value.is_finite()).collect()
}

fn table(evaluation: &Evaluation, seed: u64) -> String {
    let mut table = "<table>\n<tr><th>Metric</th><th>Value</th><th>95% interval</th><th>Better</th><th>Of</th></tr>\n".to_owned();
    let details = evaluation.sets.as_ref();
    let inception = details.and_then(|details| details.inception.as_ref());
    for (metric, value) in evaluation.metrics.iter() {
        let interval = match metric.scope() {
            Scope::Pair => mean_interval(&values(metric, &evaluation.pictures), seed),
            // Parts and subsets are means of their own: twice their deviation is a rough interval.
            Scope::Set => match metric {
                Metric::Kid => inception.and_then(|details| details.kid_deviation),
                Metric::Is => inception.and_then(|details| details.is_deviation),
                _ => None,
            }
            .map(|deviation| Interval {
                low: value - 2.0 * deviation,
                high: value + 2.0 * deviation,
            }),
        };
        let decimals = metric.decimals();
        let interval = interval.map_or_else(String::new, |interval| {
            format!(
                "{:.decimals$} to {:.decimals$}",
                interval.low, interval.high
            )
        });
        let better = match metric.direction() {
            Direction::Higher => "higher",
            Direction::Lower => "lower",
        };
        let count = match (metric.scope(), details) {
            (Scope::Set, Some(sets)) => format!("{} and {} pictures", sets.real, sets.fake),
            _ => format!("{} pairs", evaluation.pairs),
        };
        let label = escape(metric.label());
        let _ = writeln!(
            table,
            "<tr><td>{label}</td><td>{value:.decimals$}</td><td>{interval}</td><td>{better}</td><td>{count}</td></tr>"
        );
    }
    table.push_str("</table>\n");
    if let Some(details) = details {
        let _ = writeln!(table, "<p>{}</p>", escape(&details.summary()));
    }
    table.push_str("<p>Intervals of means come from a bootstrap over the pictures; those of kid and is are two standard deviations over their subsets and parts; the other metrics of sets have none.</p>\n");
    table
}

/// A drawing of how many pairs have which values.
fn distribution(metric: Metric, pictures: &[PictureScores]) -> String {
    const WIDTH: usize = 600;
    const HEIGHT: usize = 120;
    let values = values(metric, pictures);
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() {
        return String::new();
    }
    let mut counts = [0_usize; BARS];
    for value in &values {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        counts[((share * BARS as f64) as usize).min(BARS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(1).max(1);
    let (label, decimals) = (escape(metric.label()), metric.decimals());
    let mut drawing = format!(
        "<h2>{label}</h2>\n<svg width=\"{WIDTH}\" height=\"{}\" role=\"img\" aria-label=\"distribution of {label}\">\n",
        HEIGHT + 20
    );
    let width = WIDTH / BARS;
    for (bar, &count) in counts.iter().enumerate() {
        let height = count * HEIGHT / most;
        let _ = writeln!(
            drawing,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{height}\" fill=\"#4878a8\"><title>{count}</title></rect>",
            bar * width,
            HEIGHT - height,
            width - 2
        );
    }
    let _ = write!(
        drawing,
        "<text x=\"0\" y=\"{0}\" font-size=\"13\">{low:.decimals$}</text><text x=\"{WIDTH}\" y=\"{0}\" font-size=\"13\" text-anchor=\"end\">{high:.decimals$}</text>\n</svg>\n",
        HEIGHT + 16
    );
    drawing
}

/// The pairs with the worst and the best values.
fn extremes(
    metric: Metric,
    evaluation: &Evaluation,
    real: &Path,
    fake: &Path,
) -> Result<String, EvaluateError> {
    let mut ranked: Vec<(&str, f64)> = evaluation
        .pictures
        .iter()
        .filter_map(|picture| Some((picture.name.as_str(), picture.scores.get(metric)?)))
        .collect();
    ranked.sort_by(|first, second| match metric.direction() {
        Direction::Higher => first.1.total_cmp(&second.1),
        Direction::Lower => second.1.total_cmp(&first.1),
    });
    let worst = &ranked[..SHOWN.min(ranked.len())];
    let rest = &ranked[worst.len()..];
    let best: Vec<(&str, f64)> = rest.iter().rev().take(SHOWN).copied().collect();
    let pairs = find(real, fake, &evaluation.suffixes)?.matched;
    let mut text = String::new();
    for (title, pairs_shown) in [("Worst", worst), ("Best", &best[..])] {
        if pairs_shown.is_empty() {
            continue;
        }
        let label = escape(metric.label());
        let _ = writeln!(
            text,
            "<h2>{title} pairs by {label}</h2>\n<p>Real, translated, difference (black where equal).</p>"
        );
        for (name, value) in pairs_shown {
            let Some(pair) = pairs.iter().find(|pair| pair.name == *name) else {
                continue;
            };
            let read = |path: &Path| -> Result<RgbImage, SetError> {
                Ok(read_rgb(path).map_err(SetError::unreadable)?.pixels)
            };
            let (real, fake) = (read(&pair.real)?, read(&pair.fake)?);
            let _ = write!(text, "<figure>");
            for picture in [&real, &fake, &difference(&real, &fake)] {
                let address = png_address(&thumbnail(picture)?);
                let _ = write!(text, "<img src=\"{address}\" alt=\"\"> ");
            }
            let decimals = metric.decimals();
            let _ = writeln!(
                text,
                "<figcaption>{}: {value:.decimals$}</figcaption></figure>",
                escape(name)
            );
        }
    }
    Ok(text)
}

/// The mean difference of the channels of each pixel, from black through red and yellow to white.
fn difference(real: &RgbImage, fake: &RgbImage) -> RgbImage {
    RgbImage::from_fn(real.width(), real.height(), |x, y| {
        let (real, fake) = (real.get_pixel(x, y), fake.get_pixel(x, y));
        let channels = real.0.iter().zip(&fake.0);
        let sum: u32 = channels
            .map(|(real, fake)| u32::from(real.abs_diff(*fake)))
            .sum();
        // Three times the sum at most 765: one ramp for each channel.
        let ramp = |start: u32| sum.saturating_sub(start).min(255) as u8;
        image::Rgb([ramp(0), ramp(255), ramp(510)])
    })
}

/// A PNG file of the picture, made smaller if it is large.
pub(super) fn thumbnail(picture: &RgbImage) -> Result<Vec<u8>, SetError> {
    let (width, height) = picture.dimensions();
    let mut png = Cursor::new(Vec::new());
    let longest = width.max(height);
    let written = if longest > LARGEST {
        let side = |side: u32| (side * LARGEST / longest).max(1);
        imageops::thumbnail(picture, side(width), side(height)).write_to(&mut png, ImageFormat::Png)
    } else {
        picture.write_to(&mut png, ImageFormat::Png)
    };
    let storage = |error| SetError::Storage {
        source: std::io::Error::other(error),
    };
    written.map_err(storage)?;
    Ok(png.into_inner())
}
