//! A page on which people tell real pictures from translations.

use std::fmt::Write;
use std::path::Path;

use rand::RngExt;
use rand::seq::SliceRandom;
use sha2::{Digest, Sha256};

use super::error::EvaluateError;
use super::feature_cache::short_hex;
use super::page::thumbnail;
use super::pairs::{PairSuffixes, find};
use super::set_error::SetError;
use crate::files::write_atomically;
use crate::html::{self, escape, png_address};
use crate::picture::read_rgb;
use crate::random;

/// Title of the page.
pub(super) const TITLE: &str = "Which one is real?";
/// Pairs on a page at most, chosen at random: more tire people.
const PAIRS: usize = 50;

/// Writes a page that shows each pair of pictures side by side, in random order and sides, asks which is real, and at the end
/// tells the share of right answers with its interval and offers them as a file. It needs no network.
///
/// # Errors
/// The folders have nothing in common, a picture cannot be read, or the page cannot be written.
pub fn write_study(
    real: &Path,
    fake: &Path,
    suffixes: &PairSuffixes,
    seed: u64,
    path: &Path,
) -> Result<(), EvaluateError> {
    let mut pairs = find(real, fake, suffixes)?.matched;
    let mut rng = random::step_rng(seed, 0);
    pairs.shuffle(&mut rng);
    pairs.truncate(PAIRS);
    let mut identity = Sha256::new();
    let mut trials = String::new();
    for pair in &pairs {
        let picture = |path: &Path| -> Result<Vec<u8>, SetError> {
            thumbnail(&read_rgb(path).map_err(SetError::unreadable)?.pixels)
        };
        let (real, fake) = (picture(&pair.real)?, picture(&pair.fake)?);
        identity.update(&real);
        identity.update(&fake);
        let real_is_left: bool = rng.random();
        let (left, right) = if real_is_left {
            (real, fake)
        } else {
            (fake, real)
        };
        let name = escape(&pair.name);
        let side = if real_is_left { "left" } else { "right" };
        let _ = writeln!(
            trials,
            "<div class=\"trial\" data-name=\"{name}\" data-real=\"{side}\" hidden><button data-side=\"left\"><img src=\"{}\" alt=\"left\"></button><button data-side=\"right\"><img src=\"{}\" alt=\"right\"></button></div>",
            png_address(&left),
            png_address(&right)
        );
    }
    let identity = short_hex(&identity.finalize());
    let body = format!(
        "<p>One of the two pictures is real, the other was made by a program. Click the real one.</p>\n<p id=\"progress\"></p>\n{trials}<div id=\"end\" hidden><p id=\"result\"></p><p><a id=\"save\">Save the answers</a> and send the file to whoever runs the study.</p></div>\n<style>{STYLE}</style>\n<script>const study=\"{identity}\";\n{SCRIPT}</script>\n"
    );
    let page = html::page(TITLE, &body);
    Ok(write_atomically(path, page.as_bytes())?)
}

const STYLE: &str = "button{border:0;background:none;padding:.5rem;cursor:pointer}button:hover,button:focus{background:#ddd}\
.trial img{width:256px;image-rendering:auto}";

/// Shows one trial after the other; the arrow keys choose too.
const SCRIPT: &str = r#"const trials = [...document.querySelectorAll(".trial")];
const answers = [];
const progress = document.getElementById("progress");
function show() {
  const at = answers.length;
  trials.forEach((trial, index) => { trial.hidden = index !== at; });
  if (at < trials.length) {
    progress.textContent = `${at + 1} of ${trials.length}`;
    return;
  }
  progress.textContent = "";
  const right = answers.filter(answer => answer.correct).length;
  const n = answers.length, z = 1.959964, share = right / n, scale = 1 + z * z / n;
  const centre = (share + z * z / (2 * n)) / scale;
  const reach = z * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale;
  const percent = value => `${(100 * value).toFixed(1)}%`;
  document.getElementById("result").textContent =
    `${right} of ${n} right: ${percent(share)}, 95% interval ${percent(centre - reach)} to ${percent(centre + reach)}. Guessing gives 50%.`;
  const file = new Blob([JSON.stringify({ study, answers }, null, 1)], { type: "application/json" });
  const save = document.getElementById("save");
  save.href = URL.createObjectURL(file);
  save.download = `study-${study}-${Date.now()}.json`;
  document.getElementById("end").hidden = false;
}
function answer(side) {
  const trial = trials[answers.length];
  if (!trial) return;
  answers.push({ name: trial.dataset.name, correct: side === trial.dataset.real });
  show();
}
document.querySelectorAll(".trial button").forEach(button => {
  button.addEventListener("click", () => answer(button.dataset.side));
});
document.addEventListener("keydown", event => {
  if (event.key === "ArrowLeft") answer("left");
  if (event.key === "ArrowRight") answer("right");
});
show();
"#;
