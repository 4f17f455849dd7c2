using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>One run of a template: loops.</summary>
internal sealed partial class JinjaInterpreter
{
    private Flow For(JinjaStatement.For loop, object? over, JinjaScope scope, long depth)
    {
        var items = JinjaValues.Items(over);
        if (loop.Filter is { } filter)
        {
            items =
            [
                .. items.Where(item =>
                {
                    var inner = new JinjaScope(scope);
                    Assign(loop.Targets, item, inner);
                    return JinjaValues.Truth(Evaluate(filter, inner));
                }),
            ];
        }

        if (items.IsEmpty)
        {
            return Do(loop.Otherwise, new JinjaScope(scope));
        }
        var changed = Changed();
        for (var i = 0; i < items.Length; i++)
        {
            _budget.Step(10);
            var inner = new JinjaScope(scope);
            inner.Set("loop", Loop(items, i, depth, loop.IsRecursive ? Again(loop, scope, depth) : null, changed));
            Assign(loop.Targets, items[i], inner);
            if (Do(loop.Body, inner) == Flow.Break)
            {
                break;
            }
        }

        return Flow.On;
    }

    /// <summary>The same loop over other items, one level deeper.</summary>
    private JinjaFunction Again(JinjaStatement.For loop, JinjaScope scope, long depth) =>
        new("loop", arguments => Captured(() => For(loop, arguments.Required(0, "iterable"), scope, depth + 1)));

    /// <summary>Whether it is called with other values than in the round before.</summary>
    private static JinjaFunction Changed()
    {
        JinjaList? before = null;
        return new JinjaFunction(
            "changed",
            a =>
            {
                var given = new JinjaList(a.Positional, IsTuple: true);
                var differs = before is null || !JinjaValues.Equals(before, given);
                before = given;
                return differs;
            }
        );
    }

    /// <param name="again">What calling the loop does; null where it cannot be called.</param>
    private JinjaDict Loop(ImmutableArray<object?> items, int i, long depth, JinjaFunction? again, JinjaFunction changed) =>
        JinjaDict.Of(
            again,
            ("index", i + 1L),
            ("index0", (long)i),
            ("revindex", (long)items.Length - i),
            ("revindex0", items.Length - i - 1L),
            ("first", i == 0),
            ("last", i == items.Length - 1),
            ("length", (long)items.Length),
            ("depth", depth),
            ("depth0", depth - 1),
            ("changed", changed),
            ("previtem", i > 0 ? items[i - 1] : new JinjaUndefined("loop.previtem")),
            ("nextitem", i + 1 < items.Length ? items[i + 1] : new JinjaUndefined("loop.nextitem")),
            (
                "cycle",
                new JinjaFunction(
                    "cycle",
                    a =>
                        a.Positional.IsEmpty
                            ? throw new JinjaException("loop.cycle() has nothing to cycle through")
                            : a.Positional[i % a.Positional.Length]
                )
            )
        );
}
