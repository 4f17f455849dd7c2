using System.Text.Json;

namespace Attune.Reports.Control;

/// <summary>
/// A clip as the text of an answer, so that all that is done with compared answers (queue, agreement, exports, audit, erasure) is done with
/// compared clips: {"clip": {...}}, drawn by a page that knows it.
/// </summary>
public static class ClipText
{
    private const string Beginning = "{\"clip\":";

    public static string Write(ShownEpisode clip) => Beginning + clip.ToJson() + "}";

    /// <summary>The clip; null where the text is none that can be drawn.</summary>
    public static ShownEpisode? Read(string text)
    {
        if (!text.StartsWith(Beginning, StringComparison.Ordinal) || !text.EndsWith('}'))
        {
            return null;
        }

        try
        {
            var clip = ShownEpisode.Parse(text[Beginning.Length..^1]);
            var steps = clip.Observations.IsDefault ? 0 : clip.Observations.Length;
            var whole = clip.Environment is not null && clip.Rate > 0 && !clip.Actions.IsDefault && clip.Actions.Length == steps;
            return steps > 0 && whole ? clip : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
