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
}
