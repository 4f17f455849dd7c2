namespace Attune.Web.Annotation;

/// <summary>The eight levels of a comparison in words.</summary>
public static class StrengthText
{
    /// <param name="level">From 1, A is much better, to 8, B is much better.</param>
    public static string Of(int level) =>
        level switch
        {
            1 => "A is much better",
            2 => "A is better",
            3 => "A is somewhat better",
            4 => "A is slightly better",
            5 => "B is slightly better",
            6 => "B is somewhat better",
            7 => "B is better",
            _ => "B is much better",
        };

    /// <summary>How much better, for a button that bears the letter already.</summary>
    public static string Amount(int level) =>
        (level <= 4 ? level : 9 - level) switch
        {
            1 => "much better",
            2 => "better",
            3 => "somewhat",
            _ => "slightly",
        };

    /// <summary>The same, for a narrow button.</summary>
    public static string Brief(int level) =>
        (level <= 4 ? level : 9 - level) switch
        {
            1 => "much",
            2 => "better",
            3 => "some",
            _ => "slight",
        };
}
