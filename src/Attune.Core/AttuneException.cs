namespace Attune.Core;

/// <summary>
/// An error that the user can correct: bad data, a bad recipe, a damaged model file. The command line prints the message,
/// without a stack trace, and exits with code 2. The message says what was found, what was expected and what to do.
/// </summary>
public class AttuneException : Exception
{
    public AttuneException(string message)
        : base(message) { }

    public AttuneException(string message, Exception cause)
        : base(message, cause) { }
}

/// <summary>A recipe or an option that cannot work. Lists every problem found, not only the first.</summary>
public sealed class ConfigurationException(IReadOnlyList<string> problems) : AttuneException(string.Join(Environment.NewLine, problems))
{
    public ConfigurationException(string problem)
        : this([problem]) { }

    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>Data that does not have the expected form; names file, line and field.</summary>
public sealed class DataException(string message) : AttuneException(message);

/// <summary>A model, tokenizer or checkpoint on disk that cannot be read: truncated, of another shape, or not one at all.</summary>
public sealed class ModelFileException : AttuneException
{
    public ModelFileException(string message)
        : base(message) { }

    public ModelFileException(string message, Exception cause)
        : base(message, cause) { }
}
