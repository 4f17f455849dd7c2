using System.Globalization;
using System.Text;
using Attune.Core;

namespace Attune.Recipes.Binding;

/// <summary>A recipe on disk: one YAML mapping in UTF-8.</summary>
public static class RecipeFile
{
    private const int LargestBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ConfigurationException">Not there, not readable, not YAML, or not a mapping; names the file, and the line where
    /// there is one.</exception>
    public static OptionNode.Mapping Read(string path) => Parse(Decode(Load(path), path), path);

    /// <param name="source">What errors name as the file.</param>
    /// <exception cref="ConfigurationException">The text is not YAML or not a mapping.</exception>
    public static OptionNode.Mapping Parse(string text, string source) =>
        YamlReader.ReadDocument(text, source) switch
        {
            OptionNode.Mapping mapping => mapping,
            null or OptionNode.Scalar { IsNull: true } => throw new ConfigurationException(
                $"{source} is empty; expected a recipe: keys such as name, model and stages."
            ),
            OptionNode.Sequence list => throw new ConfigurationException(
                $"{list.Place}: the file is a list; expected keys such as name, model and stages."
            ),
            var other => throw new ConfigurationException(
                $"{other.Place}: the file is a single value; expected keys such as name, model and stages."
            ),
        };

    private static byte[] Load(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= LargestBytes
                ? File.ReadAllBytes(path)
                : throw new ConfigurationException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{path} has {length} bytes; a recipe has {LargestBytes} at the most. Is this the right file?"
                    )
                );
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigurationException(
                Directory.Exists(path)
                    ? $"{path} is a folder; expected a recipe, a .yaml file."
                    : $"{path} does not exist; expected a recipe, a .yaml file."
            );
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path} cannot be read: {problem.Message.TrimEnd('.')}.");
        }
    }

    private static string Decode(byte[] bytes, string path)
    {
        ReadOnlySpan<byte> content = bytes;
        if (content.StartsWith(Encoding.UTF8.Preamble))
        {
            content = content[Encoding.UTF8.Preamble.Length..];
        }

        try
        {
            return StrictUtf8.GetString(content);
        }
        catch (DecoderFallbackException problem)
        {
            var line = 1 + content[..Math.Clamp(problem.Index, 0, content.Length)].Count((byte)'\n');
            throw new ConfigurationException($"{new Place(path, line, 0)}: the text is not UTF-8; save the file as UTF-8.");
        }
    }
}
