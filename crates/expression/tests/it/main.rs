//! Expressions from outside.

mod fuzz;
