//! One integration binary, so that everything is linked once.

mod github;
