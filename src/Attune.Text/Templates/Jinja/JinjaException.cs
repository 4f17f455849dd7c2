namespace Attune.Text.Templates.Jinja;

/// <summary>What is wrong with a template, or with what it does; the one who knows the file's name makes a message of it.</summary>
internal sealed class JinjaException(string message) : Exception(message)
{
    /// <summary>True where the template itself refused the conversation (<c>raise_exception</c>).</summary>
    public bool IsRefusal { get; init; }

    /// <summary>True where it took more time or memory than any template needs; it would again.</summary>
    public bool IsExhaustion { get; init; }
}
