namespace Attune.Core;

/// <summary>A promise between two parts of Attune that was found broken at run time: a fault of the program, not of the user.</summary>
public sealed class InvariantException(string message) : Exception(message);
