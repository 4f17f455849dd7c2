using System.Collections.Immutable;
using System.Text;
using Attune.Core;
using Attune.Core.Conversations;
using Attune.Core.Feedback;

namespace Attune.Cli.Commands.Data;

/// <summary>Text files of one answer a line, all of one label; blank lines are no answers.</summary>
internal static class VerdictLines
{
    /// <exception cref="DataException">The file cannot be read, is empty, or is not in that encoding.</exception>
    public static ImmutableArray<Verdict> Read(string path, string encoding, bool desirable)
    {
        try
        {
            var lines = File.ReadAllLines(path, Strict(encoding)).Select(l => l.Trim()).Where(l => l.Length > 0);
            ImmutableArray<Verdict> verdicts = [.. lines.Select(l => new Verdict(new Prompt.Text(""), l, desirable))];
            return verdicts.IsEmpty ? throw new DataException($"{path} has no line of text.") : verdicts;
        }
        catch (DecoderFallbackException)
        {
            throw new DataException($"{path} is not {encoding} text. Name its encoding, e.g. --encoding latin-1.");
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {problem.Message}");
        }
    }

    private static Encoding Strict(string name)
    {
        try
        {
            return Encoding.GetEncoding(
                name == "latin-1" ? "iso-8859-1" : name,
                EncoderFallback.ExceptionFallback,
                DecoderFallback.ExceptionFallback
            );
        }
        catch (ArgumentException)
        {
            throw new ConfigurationException($"encoding '{name}' is not known; try utf-8 or latin-1.");
        }
    }
}
