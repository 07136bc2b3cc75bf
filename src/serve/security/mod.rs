//! What is checked of every request before anything else sees it, and what every answer says to browsers.

mod guard;
mod headers;
mod hosts;
mod token;

pub(super) use guard::{Security, guard};
pub(super) use hosts::Hosts;
pub(super) use token::{TOKEN_COOKIE, Token};
