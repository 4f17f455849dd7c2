using System.Text;
using Attune.Core;
using Attune.Text.Templates.Jinja;

namespace Attune.Text.Templates;

/// <summary>Chat templates that a user brings: files of Jinja.</summary>
public static class TemplateFiles
{
    /// <summary>What is wrong with a user's choice of a template; null where it can be used.</summary>
    /// <param name="chosen">The name of a built-in template, or a file.</param>
    public static string? ProblemWith(string chosen)
    {
        if (!IsFile(chosen))
        {
            return ChatTemplates.All.Any(t => t.Name == chosen) ? null : ChatTemplates.Unknown(chosen);
        }

        try
        {
            JinjaParser.Read(Read(chosen));
            return null;
        }
        catch (JinjaException problem)
        {
            return $"{chosen}: the chat template cannot be used: {problem.Message.TrimEnd('.')}.";
        }
        catch (AttuneException problem)
        {
            return problem.Message;
        }
    }

    /// <summary>A name of a built-in template is never one; what has a folder, an ending or is there, is.</summary>
    internal static bool IsFile(string chosen) =>
        ChatTemplates.All.All(t => t.Name != chosen)
        && (File.Exists(chosen) || Path.GetFileName(chosen) != chosen || Path.HasExtension(chosen) || chosen.Length == 0);

    /// <exception cref="ConfigurationException">It is no file of text.</exception>
    internal static string Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new ConfigurationException(
                Directory.Exists(path)
                    ? $"the chat template {path} is a folder; expected a file of Jinja, or one of {ChatTemplates.Names}."
                    : $"the chat template '{path}' does not exist; expected a file of Jinja, or one of {ChatTemplates.Names}."
            );
        }

        string text;
        try
        {
            text = File.ReadAllText(path, new UTF8Encoding(false, throwOnInvalidBytes: true));
        }
        catch (DecoderFallbackException)
        {
            throw new ConfigurationException($"the chat template {path} is not UTF-8 text; expected a file of Jinja.");
        }

        return text.Contains("{%", StringComparison.Ordinal) || text.Contains("{{", StringComparison.Ordinal)
            ? text
            : throw new ConfigurationException(
                $"the chat template {path} writes no message: it has no {{{{ ... }}}} or {{% ... %}}. Expected a file of Jinja."
            );
    }
}
