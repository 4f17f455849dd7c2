using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>One run of a template: macros and calls.</summary>
internal sealed partial class JinjaInterpreter
{
    private const string Caller = "caller";

    /// <param name="caller">The block of a call that has one.</param>
    private object? Call(JinjaExpression.Call call, JinjaScope scope, JinjaFunction? caller = null)
    {
        var function = Evaluate(call.Function, scope);
        if ((function as JinjaFunction ?? (function as JinjaDict)?.Call) is not { } callable)
        {
            var name = function is JinjaUndefined undefined ? $"'{undefined.Name}' is not defined and" : JinjaValues.TypeOf(function);
            throw new JinjaException($"{name} cannot be called");
        }

        var arguments = Arguments(call.Arguments, scope);
        _budget.Enter();
        var result = callable.Body(caller is null ? arguments : new(arguments.Positional, arguments.Named.Add((Caller, caller))));
        _budget.Leave();
        return result;
    }

    private JinjaArguments Arguments(JinjaCallArguments arguments, JinjaScope scope)
    {
        if (ReferenceEquals(arguments, JinjaCallArguments.None))
        {
            return JinjaArguments.None;
        }

        ImmutableArray<object?> more = arguments.More is { } list ? JinjaValues.Items(Evaluate(list, scope)) : [];
        ImmutableArray<(string, object?)> moreNamed = arguments.MoreNamed is { } names ? Named(Evaluate(names, scope)) : [];
        return new(
            [.. arguments.Positional.Select(p => Evaluate(p, scope)), .. more],
            [.. arguments.Named.Select(n => (n.Name, Evaluate(n.Value, scope))), .. moreNamed]
        );
    }

    private static ImmutableArray<(string, object?)> Named(object? value) =>
        value is JinjaDict names
            ? [.. names.KeysInOrder.Select(k => (k as string ?? throw new JinjaException("a name of an argument is no text"), names[k]))]
            : throw new JinjaException($"** takes a mapping of names and values, not {JinjaValues.TypeOf(value)}");

    private JinjaFunction Function(JinjaStatement.Macro macro, JinjaScope scope) =>
        new(macro.Name, arguments => Call(macro, arguments, scope));

    /// <summary>A macro takes more than its parameters where its body reads varargs, kwargs or caller, as in Jinja.</summary>
    private string Call(JinjaStatement.Macro macro, JinjaArguments arguments, JinjaScope defined)
    {
        var parameters = macro.Parameters;
        bool IsOwn((string Name, object? Value) named) => parameters.Any(p => p.Name == named.Name);
        var others = arguments.Named.Where(n => !IsOwn(n) && n.Name != Caller).ToArray();
        if (
            (arguments.Positional.Length > parameters.Length && !macro.Extras.Contains("varargs"))
            || (others.Length > 0 && !macro.Extras.Contains("kwargs"))
            || (arguments.Named.Any(n => n.Name == Caller && !IsOwn(n)) && !macro.Extras.Contains(Caller))
        )
        {
            throw new JinjaException(
                $"the macro '{macro.Name}' takes {string.Join(", ", parameters.Select(p => p.Name))}; it was called with other arguments"
            );
        }

        var scope = new JinjaScope(defined);
        for (var i = 0; i < parameters.Length; i++)
        {
            var (name, otherwise) = parameters[i];
            var missing = new object();
            var value = arguments.Get(i, name, missing);
            scope.Set(
                name,
                !ReferenceEquals(value, missing) ? value
                    : otherwise is null ? new JinjaUndefined(name)
                    : Evaluate(otherwise, scope)
            );
        }

        SetExtras(macro, arguments, others, scope);
        return Captured(macro.Body, scope);
    }

    private static void SetExtras(
        JinjaStatement.Macro macro,
        JinjaArguments arguments,
        (string Name, object? Value)[] others,
        JinjaScope scope
    )
    {
        foreach (var extra in macro.Extras.Where(e => macro.Parameters.All(p => p.Name != e)))
        {
            scope.Set(
                extra,
                extra switch
                {
                    "varargs" => new JinjaList([.. arguments.Positional.Skip(macro.Parameters.Length)], IsTuple: true),
                    "kwargs" => JinjaDict.Of(others),
                    _ => arguments.Named.FirstOrDefault(n => n.Name == Caller).Value ?? new JinjaUndefined(Caller),
                }
            );
        }
    }
}
