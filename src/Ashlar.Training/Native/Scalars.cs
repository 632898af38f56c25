using TorchSharp;

namespace Ashlar.Training.Native;

/// <summary>
/// Scalars that outlive every call they are used in. TorchSharp's implicit conversion makes a finalizable object that nothing keeps
/// alive while native code reads it, so a background collection may free it in the middle of the call. What runs at every step uses
/// these, or a <c>using Scalar</c>; the executables turn concurrent collection off besides.
/// </summary>
internal static class Scalars
{
    /// <summary>1.</summary>
    public static readonly Scalar One = 1;
}
