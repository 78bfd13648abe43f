//! The runner with a memory store and a manual clock.

mod attempts;
mod queues;
mod running;
mod world;
