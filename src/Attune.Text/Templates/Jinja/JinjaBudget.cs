namespace Attune.Text.Templates.Jinja;

/// <summary>What a template may use up, so that a hostile one ends: far more than any conversation needs.</summary>
internal sealed class JinjaBudget
{
    private const long MostSteps = 2_000_000;
    private const long MostCharacters = 64_000_000;
    private const int DeepestCalls = 150;
    private const int DeepestExpressions = 500;

    // Values are compared and shown without knowing whose they are; lists within lists can hold themselves 2^n times.
    [ThreadStatic]
    private static JinjaBudget? _current;

    private long _steps;
    private long _characters;
    private int _depth;
    private int _expressions;

    public static void Tick() => _current?.Step();

    /// <summary>Counts what this thread does here from now on.</summary>
    /// <returns>What was counted before.</returns>
    public static JinjaBudget? Begin(JinjaBudget? budget)
    {
        var before = _current;
        _current = budget;
        return before;
    }

    public void Step(long count = 1)
    {
        if ((_steps += count) > MostSteps)
        {
            throw new JinjaException($"it does more than {MostSteps:N0} steps") { IsExhaustion = true };
        }
    }

    /// <summary>Counts a text or list that is about to be made.</summary>
    public void Make(long length)
    {
        if (length > MostCharacters || (_characters += length) > MostCharacters)
        {
            throw new JinjaException($"it makes more than {MostCharacters:N0} characters") { IsExhaustion = true };
        }
    }

    public string Made(string text)
    {
        Make(text.Length);
        return text;
    }

    public void Enter()
    {
        if (++_depth > DeepestCalls)
        {
            throw new JinjaException($"it calls itself deeper than {DeepestCalls}");
        }
    }

    public void Leave() => _depth--;

    /// <summary>A chain of a thousand operators is as deep as it is long.</summary>
    public void EnterExpression()
    {
        if (++_expressions > DeepestExpressions)
        {
            throw new JinjaException($"an expression is nested deeper than {DeepestExpressions}");
        }
    }

    public void LeaveExpression() => _expressions--;
}
