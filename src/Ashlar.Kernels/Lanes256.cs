using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Ashlar.Kernels;

/// <summary>8 floats in a 256-bit register.</summary>
internal readonly struct Lanes256(Vector256<float> value) : ILanes<Lanes256>
{
    private readonly Vector256<float> _value = value;

    public static int Count => 8;

    public static Lanes256 Zero => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ref readonly float source) => new(Vector256.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, ref float destination) => value._value.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 left, Lanes256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Subtract(Lanes256 left, Lanes256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 left, Lanes256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Divide(Lanes256 left, Lanes256 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 left, Lanes256 right) => new(Vector256.Max(left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 left, Lanes256 right, Lanes256 addend) =>
        new(Vector256.MultiplyAddEstimate(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Exp(Lanes256 value) => new(Vector256.Exp(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 ExpBelowZero(Lanes256 value)
    {
        Vector256<float> x = value._value;
        Vector256<float> shifted = Vector256.MultiplyAddEstimate(x, Vector256.Create(FloatExp.Log2E), Vector256.Create(FloatExp.Rounder));
        Vector256<float> power = shifted - Vector256.Create(FloatExp.Rounder);
        Vector256<float> r = Vector256.MultiplyAddEstimate(power, Vector256.Create(-FloatExp.Ln2High), x);
        r = Vector256.MultiplyAddEstimate(power, Vector256.Create(-FloatExp.Ln2Low), r);
        Vector256<float> p = Vector256.MultiplyAddEstimate(Vector256.Create(FloatExp.C6), r, Vector256.Create(FloatExp.C5));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(FloatExp.C4));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(FloatExp.C3));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(FloatExp.C2));
        p = Vector256.MultiplyAddEstimate(p, r, Vector256.Create(FloatExp.C1));
        p = Vector256.MultiplyAddEstimate(p, r * r, r) + Vector256<float>.One;
        // The low bits of the shifted value are the power of two: they go to the exponent.
        Vector256<float> result = (p.AsInt32() + Vector256.ShiftLeft(shifted.AsInt32(), 23)).AsSingle();
        return new(Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(FloatExp.Smallest)), Vector256<float>.Zero, result));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SelectNegative(Lanes256 sign, Lanes256 ifNegative, Lanes256 otherwise) =>
        new(Vector256.ConditionalSelect(
            Vector256.LessThan(sign._value, Vector256<float>.Zero), ifNegative._value, otherwise._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 value) => Vector256.Sum(value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Largest(Lanes256 value) => Lanes128.Largest(new Lanes128(Vector128.Max(value._value.GetLower(), value._value.GetUpper())));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyAbove(Lanes256 value, Lanes256 bound) => Vector256.GreaterThanAny(value._value, bound._value);
}
