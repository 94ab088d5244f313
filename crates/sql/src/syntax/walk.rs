//! Walks through syntax trees.
//!
//! sqlparser compiles the whole traversal, thousands of functions, for every type of visitor. [`walk`] and [`walk_mut`] do what
//! `Visit::visit` and `VisitMut::visit` do, with one traversal for all visitors: it was most of the code of the crates that visit trees.

use sqlparser::ast::{
    Expr, ObjectName, Query, Select, SelectItem, Statement, TableFactor, ValueWithSpan, Visit,
    VisitMut, Visitor, VisitorMut, With,
};
use std::ops::ControlFlow;

/// Visits everything in a tree, or as much of it as the visitor wants.
pub fn walk<V: Visitor>(tree: &impl Tree, visitor: &mut V) -> ControlFlow<V::Break> {
    let mut reader = Reader {
        visitor,
        broken: None,
    };
    let _ = tree.accept(&mut AnyVisitor(&mut reader));
    reader
        .broken
        .map_or(ControlFlow::Continue(()), ControlFlow::Break)
}

/// As [`walk`], for visitors that change the tree.
pub fn walk_mut<V: VisitorMut>(tree: &mut impl Tree, visitor: &mut V) -> ControlFlow<V::Break> {
    let mut writer = Writer {
        visitor,
        broken: None,
    };
    let _ = tree.accept_mut(&mut AnyVisitorMut(&mut writer));
    writer
        .broken
        .map_or(ControlFlow::Continue(()), ControlFlow::Break)
}

/// What can be walked through.
pub trait Tree {
    /// Has a visitor visit everything.
    #[doc(hidden)]
    fn accept(&self, visitor: &mut AnyVisitor<'_>) -> ControlFlow<()>;

    /// Has a visitor visit and change everything.
    #[doc(hidden)]
    fn accept_mut(&mut self, visitor: &mut AnyVisitorMut<'_>) -> ControlFlow<()>;
}

macro_rules! trees {
    ($($tree:ty),+) => {
        $(impl Tree for $tree {
            // Inlined elsewhere, it would take the traversal with it.
            #[inline(never)]
            fn accept(&self, visitor: &mut AnyVisitor<'_>) -> ControlFlow<()> {
                Visit::visit(self, visitor)
            }

            #[inline(never)]
            fn accept_mut(&mut self, visitor: &mut AnyVisitorMut<'_>) -> ControlFlow<()> {
                VisitMut::visit(self, visitor)
            }
        })+
    };
}

trees!(
    Statement,
    Query,
    Select,
    Expr,
    Option<Expr>,
    Option<With>,
    Vec<SelectItem>
);

/// Defines a visitor of any type: `$any` holds it as `$calls`, which `$caller` is for every visitor.
macro_rules! any_visitor {
    (
        $any:ident, $calls:ident, $caller:ident, $visitor:ident,
        $($method:ident($node:ty)),+
    ) => {
        trait $calls {
            $(fn $method(&mut self, node: $node) -> ControlFlow<()>;)+
        }

        /// A visitor, and with what it broke off.
        struct $caller<'a, V: $visitor> {
            visitor: &'a mut V,
            broken: Option<V::Break>,
        }

        impl<V: $visitor> $calls for $caller<'_, V> {
            $(fn $method(&mut self, node: $node) -> ControlFlow<()> {
                match self.visitor.$method(node) {
                    ControlFlow::Continue(()) => ControlFlow::Continue(()),
                    ControlFlow::Break(broken) => {
                        self.broken = Some(broken);
                        ControlFlow::Break(())
                    }
                }
            })+
        }

        /// A visitor of any type.
        #[doc(hidden)]
        #[allow(missing_debug_implementations)]
        pub struct $any<'a>(&'a mut dyn $calls);

        impl $visitor for $any<'_> {
            type Break = ();

            $(fn $method(&mut self, node: $node) -> ControlFlow<()> {
                self.0.$method(node)
            })+
        }
    };
}

macro_rules! any_visitors {
    ($($method:ident($node:ty)),+) => {
        any_visitor!(AnyVisitor, Reads, Reader, Visitor, $($method(&$node)),+);
        any_visitor!(AnyVisitorMut, Writes, Writer, VisitorMut, $($method(&mut $node)),+);
    };
}

any_visitors!(
    pre_visit_query(Query),
    post_visit_query(Query),
    pre_visit_select(Select),
    post_visit_select(Select),
    pre_visit_relation(ObjectName),
    post_visit_relation(ObjectName),
    pre_visit_table_factor(TableFactor),
    post_visit_table_factor(TableFactor),
    pre_visit_expr(Expr),
    post_visit_expr(Expr),
    pre_visit_statement(Statement),
    post_visit_statement(Statement),
    pre_visit_value(ValueWithSpan),
    post_visit_value(ValueWithSpan)
);

#[cfg(test)]
mod tests {
    use super::*;
    use sqlparser::dialect::PostgreSqlDialect;
    use sqlparser::parser::Parser;

    fn parsed(text: &str) -> Statement {
        let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, text).unwrap();
        statements.remove(0)
    }

    #[test]
    fn a_walk_visits_what_sqlparser_visits_until_it_breaks_off() {
        #[derive(Default)]
        struct Seen(Vec<String>);
        impl Visitor for Seen {
            type Break = String;
            fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
                self.0.push(format!("query {query}"));
                ControlFlow::Continue(())
            }
            fn post_visit_select(&mut self, select: &Select) -> ControlFlow<String> {
                self.0.push(format!("select {select}"));
                ControlFlow::Continue(())
            }
            fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
                self.0.push(format!("table {factor}"));
                ControlFlow::Continue(())
            }
            fn post_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<String> {
                self.0.push(format!("relation {relation}"));
                ControlFlow::Continue(())
            }
            fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
                self.0.push(format!("expression {expr}"));
                match expr {
                    Expr::Identifier(name) if name.value == "stop" => {
                        ControlFlow::Break(name.value.clone())
                    }
                    _ => ControlFlow::Continue(()),
                }
            }
            fn post_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<String> {
                self.0.push(format!("value {value}"));
                ControlFlow::Continue(())
            }
        }
        for text in [
            "SELECT a, (SELECT max(b) FROM u) FROM t WHERE c = 1",
            "SELECT a FROM t WHERE stop = 1",
        ] {
            let statement = parsed(text);
            let (mut here, mut there) = (Seen::default(), Seen::default());
            let broken = walk(&statement, &mut here);
            assert_eq!(broken, Visit::visit(&statement, &mut there));
            assert_eq!(broken.is_break(), text.contains("stop"));
            assert!(!here.0.is_empty());
            assert_eq!(here.0, there.0);
        }
    }

    #[test]
    fn a_walk_changes_trees() {
        struct Doubled;
        impl VisitorMut for Doubled {
            type Break = ();
            fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
                let part = relation.0[0].clone();
                relation.0.push(part);
                ControlFlow::Continue(())
            }
        }
        let mut statement = parsed("SELECT a FROM t, u");
        assert_eq!(
            walk_mut(&mut statement, &mut Doubled),
            ControlFlow::Continue(())
        );
        assert_eq!(statement.to_string(), "SELECT a FROM t.t, u.u");
    }
}
