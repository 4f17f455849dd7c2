using System.Collections.Immutable;
using System.Text;

namespace Attune.Text.Templates.Jinja;

/// <summary>One run of a template: statements.</summary>
internal sealed partial class JinjaInterpreter
{
    private enum Flow
    {
        On,
        Break,
        Continue,
    }

    private readonly JinjaBudget _budget = new();
    private StringBuilder _output = new();

    private JinjaInterpreter() { }

    public static string Execute(
        ImmutableArray<JinjaStatement> template,
        IEnumerable<(string Name, object? Value)> names,
        TimeProvider time
    )
    {
        var run = new JinjaInterpreter();
        var globals = new JinjaScope(null);
        foreach (var (name, value) in JinjaGlobals.All(run._budget, time).Concat(names))
        {
            globals.Set(name, value);
        }

        var before = JinjaBudget.Begin(run._budget);
        try
        {
            run.Do(template, new JinjaScope(globals));
        }
        finally
        {
            JinjaBudget.Begin(before);
        }

        return run._output.ToString();
    }

    private Flow Do(ImmutableArray<JinjaStatement> body, JinjaScope scope)
    {
        foreach (var statement in body)
        {
            _budget.Step();
            var flow = Do(statement, scope);
            if (flow != Flow.On)
            {
                return flow;
            }
        }

        return Flow.On;
    }

    private Flow Do(JinjaStatement statement, JinjaScope scope)
    {
        switch (statement)
        {
            case JinjaStatement.Write write:
                Print(write.Text);
                return Flow.On;
            case JinjaStatement.Print print:
                Print(print, scope);
                return Flow.On;
            case JinjaStatement.If choice:
                return If(choice, scope);
            case JinjaStatement.For loop:
                return For(loop, scope);
            case JinjaStatement.Set set:
                Set(set, scope);
                return Flow.On;
            case JinjaStatement.SetBlock set:
                scope.Set(set.Target, Captured(set.Body, new JinjaScope(scope)));
                return Flow.On;
            case JinjaStatement.Macro macro:
                scope.Set(macro.Name, new JinjaFunction(macro.Name, arguments => Call(macro, arguments, scope)));
                return Flow.On;
            case JinjaStatement.Generation generation:
                return Do(generation.Body, new JinjaScope(scope));
            case JinjaStatement.Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Print(JinjaStatement.Print print, JinjaScope scope)
    {
        try
        {
            Print(JinjaValues.Text(Evaluate(print.Value, scope)));
        }
        catch (JinjaException problem) when (!problem.IsRefusal && !problem.Message.StartsWith("line ", StringComparison.Ordinal))
        {
            throw new JinjaException($"line {print.Line}: {problem.Message}");
        }
    }

    private void Print(string text) => _output.Append(_budget.Made(text));

    private Flow If(JinjaStatement.If choice, JinjaScope scope)
    {
        foreach (var (condition, body) in choice.Branches)
        {
            if (JinjaValues.Truth(Evaluate(condition, scope)))
            {
                return Do(body, scope);
            }
        }

        return Do(choice.Otherwise, scope);
    }

    private Flow For(JinjaStatement.For loop, JinjaScope scope)
    {
        var items = JinjaValues.Items(Evaluate(loop.Items, scope));
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
        for (var i = 0; i < items.Length; i++)
        {
            _budget.Step(10);
            var inner = new JinjaScope(scope);
            inner.Set("loop", Loop(items, i));
            Assign(loop.Targets, items[i], inner);
            if (Do(loop.Body, inner) == Flow.Break)
            {
                break;
            }
        }

        return Flow.On;
    }

    private JinjaDict Loop(ImmutableArray<object?> items, int i) =>
        JinjaDict.Of(
            ("index", i + 1L),
            ("index0", (long)i),
            ("revindex", (long)items.Length - i),
            ("revindex0", items.Length - i - 1L),
            ("first", i == 0),
            ("last", i == items.Length - 1),
            ("length", (long)items.Length),
            ("depth", 1L),
            ("depth0", 0L),
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

    private void Set(JinjaStatement.Set set, JinjaScope scope)
    {
        var value = Evaluate(set.Value, scope);
        if (set.Attribute is null)
        {
            Assign(set.Targets, value, scope);
        }
        else if (scope.Find(set.Targets[0]) is JinjaNamespace target)
        {
            target.Values[set.Attribute] = value;
        }
        else
        {
            throw new JinjaException($"'{set.Targets[0]}' is not a namespace, so {set.Targets[0]}.{set.Attribute} cannot be set");
        }
    }

    private static void Assign(ImmutableArray<string> targets, object? value, JinjaScope scope)
    {
        if (targets.Length == 1)
        {
            scope.Set(targets[0], value);
            return;
        }

        var parts = JinjaValues.Items(value);
        if (parts.Length != targets.Length)
        {
            throw new JinjaException($"{parts.Length} values for the {targets.Length} names {string.Join(", ", targets)}");
        }
        for (var i = 0; i < targets.Length; i++)
        {
            scope.Set(targets[i], parts[i]);
        }
    }

    private string Captured(ImmutableArray<JinjaStatement> body, JinjaScope scope)
    {
        var outer = _output;
        _output = new StringBuilder();
        _budget.Enter();
        Do(body, scope);
        _budget.Leave();
        var text = _output.ToString();
        _output = outer;
        return text;
    }

    private string Call(JinjaStatement.Macro macro, JinjaArguments arguments, JinjaScope defined)
    {
        if (arguments.Positional.Length > macro.Parameters.Length || arguments.Named.Any(n => macro.Parameters.All(p => p.Name != n.Name)))
        {
            throw new JinjaException(
                $"the macro '{macro.Name}' takes {string.Join(", ", macro.Parameters.Select(p => p.Name))}; it was called with "
                    + "other arguments"
            );
        }
        var scope = new JinjaScope(defined);
        for (var i = 0; i < macro.Parameters.Length; i++)
        {
            var (name, otherwise) = macro.Parameters[i];
            var missing = new object();
            var value = arguments.Get(i, name, missing);
            scope.Set(
                name,
                !ReferenceEquals(value, missing) ? value
                    : otherwise is null ? new JinjaUndefined(name)
                    : Evaluate(otherwise, scope)
            );
        }

        return Captured(macro.Body, scope);
    }
}
