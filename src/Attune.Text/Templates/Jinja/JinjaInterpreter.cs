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
                return For(loop, Evaluate(loop.Items, scope), scope, depth: 1);
            case JinjaStatement.Set set:
                Set(set, scope);
                return Flow.On;
            case JinjaStatement.SetBlock set:
                scope.Set(set.Target, Text(set.Body, set.Value, scope));
                return Flow.On;
            case JinjaStatement.Macro macro:
                scope.Set(macro.Name, Function(macro, scope));
                return Flow.On;
            case JinjaStatement.CallBlock call:
                AtLine(call.Line, () => Print(JinjaValues.Text(Call(call.Call, scope, Function(call.Caller, scope)))));
                return Flow.On;
            case JinjaStatement.Filtered filtered:
                AtLine(filtered.Line, () => Print(JinjaValues.Text(Text(filtered.Body, filtered.Value, scope))));
                return Flow.On;
            case JinjaStatement.With with:
                return With(with, scope);
            case JinjaStatement.Generation generation:
                return Do(generation.Body, new JinjaScope(scope));
            case JinjaStatement.Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void Print(JinjaStatement.Print print, JinjaScope scope) =>
        AtLine(print.Line, () => Print(JinjaValues.Text(Evaluate(print.Value, scope))));

    /// <summary>Does something that may go wrong, and says the line then.</summary>
    private static void AtLine(int line, Action action)
    {
        try
        {
            action();
        }
        catch (JinjaException problem) when (!problem.IsRefusal && !problem.Message.StartsWith("line ", StringComparison.Ordinal))
        {
            throw new JinjaException($"line {line}: {problem.Message}");
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

    /// <summary>What a block writes, through filters where it has some.</summary>
    private object? Text(ImmutableArray<JinjaStatement> body, JinjaExpression? filters, JinjaScope scope)
    {
        var text = Captured(body, new JinjaScope(scope));
        if (filters is null)
        {
            return text;
        }

        var inner = new JinjaScope(scope);
        inner.Set(JinjaStatement.Block, text);
        return Evaluate(filters, inner);
    }

    private Flow With(JinjaStatement.With with, JinjaScope scope)
    {
        var inner = new JinjaScope(scope);
        foreach (var (name, value) in with.Names)
        {
            inner.Set(name, Evaluate(value, scope));
        }

        return Do(with.Body, inner);
    }

    private string Captured(ImmutableArray<JinjaStatement> body, JinjaScope scope) => Captured(() => Do(body, scope));

    private string Captured(Action write)
    {
        var outer = _output;
        _output = new StringBuilder();
        _budget.Enter();
        write();
        _budget.Leave();
        var text = _output.ToString();
        _output = outer;
        return text;
    }
}
